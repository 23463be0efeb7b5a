import { useEffect, useRef, useState } from "preact/hooks";
import { agentName, customerName } from "../format";
import { arrange } from "../heat";
import { Bar } from "../parts/bar";
import { Card } from "../parts/card";
import { Link } from "../parts/link";
import { Mood } from "../parts/mood";
import { Panel } from "../parts/panel";
import { useLive } from "../parts/use_live";
import { type Call, level } from "../reducer";
import type { Level } from "../wire";
import "../styles/floor.css";

/** An ended call stays so long, so that nobody wonders where it went. */
const ENDED_STAYS_MS = 8000;
/** From so many calls on, calm cards show less. */
const DENSE_FROM = 16;
/** While the pointer moves over the cards, they hold still. */
const POINTER_HOLDS_MS = 1200;

/** Which live call needs a supervisor now, and why. */
export function FloorScreen() {
  const { world, live, forget } = useLive("floor", () => ({ type: "subscribe", floor: true }), {
    batchMs: 250,
  });
  const [open, setOpen] = useState<string | null>(null);
  const [find, setFind] = useState("");
  const order = useRef<string[]>([]);
  const pointerAt = useRef(-Infinity);
  useForgetEnded(() => world.peek().calls, forget, open);

  const calls = Object.values(world.value.calls).filter((call) => call.started !== null);
  const held = performance.now() - pointerAt.current < POINTER_HOLDS_MS;
  order.current = held ? hold(order.current, calls) : arrange(order.current, calls);
  const shown = order.current
    .map((id) => world.value.calls[id]!)
    .filter((call) => matches(call, find));
  const count = (wanted: Level) =>
    calls.filter((call) => !call.ended && level(call) === wanted).length;

  return (
    <div class={open ? "floor with-panel" : "floor"}>
      <Bar>
        <label class="push">
          <span class="sr">Find an agent or a customer</span>
          <input
            type="search"
            placeholder="Find an agent or a customer"
            value={find}
            onInput={(event) => setFind(event.currentTarget.value)}
          />
        </label>
        <Link live={live} />
      </Bar>
      <main class="floor-main">
        <div class="row floor-head">
          <h1>{title(calls.filter((call) => !call.ended).length)}</h1>
          {count("alert") > 0 && <Mood level="alert" label={`${count("alert")} on alert`} />}
          {count("watch") > 0 && <Mood level="watch" label={`${count("watch")} to watch`} />}
        </div>
        <Announcer calls={calls} />
        {world.value.problem && <p class="notice bad">{world.value.problem}</p>}
        {live.stale.value && (
          <p class="notice bad" role="status">
            Connection lost: these cards may be old. Trying to come back.
          </p>
        )}
        <ul
          class="cards"
          aria-label="Live calls, hottest first"
          onPointerMove={() => {
            pointerAt.current = performance.now();
          }}
        >
          {shown.map((call) => (
            <Card
              key={call.id}
              call={call}
              open={call.id === open}
              dense={calls.length > DENSE_FROM}
              onOpen={setOpen}
            />
          ))}
        </ul>
        {calls.length === 0 && live.connected.value && (
          <div class="message quiet">
            <h2>No live calls</h2>
            <p>A card appears here as soon as a call begins.</p>
          </div>
        )}
      </main>
      {open && <Panel key={open} id={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

function title(n: number): string {
  return n === 1 ? "1 live call" : `${n} live calls`;
}

function matches(call: Call, find: string): boolean {
  const text = `${agentName(call)} ${customerName(call)} ${call.started?.title ?? ""}`;
  return text.toLowerCase().includes(find.trim().toLowerCase());
}

/** Nobody moves; newcomers at the end, the gone leave. */
function hold(before: readonly string[], calls: readonly Call[]): string[] {
  const ids = new Set(calls.map((call) => call.id));
  const kept = before.filter((id) => ids.has(id));
  return [...kept, ...[...ids].filter((id) => !kept.includes(id))];
}

function useForgetEnded(
  callsOf: () => Readonly<Record<string, Call>>,
  forget: (ids: readonly string[]) => void,
  open: string | null,
): void {
  const endedAt = useRef(new Map<string, number>());
  useEffect(() => {
    const timer = setInterval(() => {
      const now = performance.now();
      for (const call of Object.values(callsOf())) {
        if (call.ended && !endedAt.current.has(call.id)) endedAt.current.set(call.id, now);
      }
      const gone = [...endedAt.current].filter(
        ([id, at]) => id !== open && now - at > ENDED_STAYS_MS,
      );
      for (const [id] of gone) endedAt.current.delete(id);
      forget(gone.map(([id]) => id));
    }, 1000);
    return () => clearInterval(timer);
  }, [open]);
}

/** Tells a screen reader about a call that has just gone on alert. */
function Announcer({ calls }: { calls: readonly Call[] }) {
  const newest = calls
    .filter((call) => !call.ended && level(call) === "alert")
    .map((call) => `Alert: ${agentName(call)} with ${customerName(call)}`);
  return (
    <p class="sr" aria-live="polite" aria-relevant="additions">
      {newest.map((text) => (
        <span key={text}>{text}. </span>
      ))}
    </p>
  );
}
