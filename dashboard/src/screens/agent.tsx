import { useEffect, useState } from "preact/hooks";
import type { Me } from "../api";
import { author, clock, customerName } from "../format";
import { Link } from "../parts/link";
import { Mood } from "../parts/mood";
import { Scorecard } from "../parts/scorecard";
import { Transcript } from "../parts/transcript";
import { Troubles } from "../parts/troubles";
import { useLive, type Watching } from "../parts/use_live";
import { type Call, level, openNudge, reasons, separated, speaking } from "../reducer";
import "../styles/agent.css";

const SNOOZE_S = 300;
/** A nudge that was taken is acknowledged for so long, s of audio time. */
const DONE_FOR_S = 6;
/** The shortest snooze there is: it ends the one that runs. */
const RESUME_S = 0.1;

/** The narrow window beside the softphone: what to do now, and why. */
export function AgentScreen({ me }: { me: Me }) {
  const asked = new URLSearchParams(location.search);
  const callId = asked.get("call");
  const agentId = asked.get("agent") ?? me.agent?.id;
  if (callId) return <Follow key={callId} call={callId} />;
  if (agentId) return <Follow key={agentId} agent={agentId} />;
  return <WhoseCall />;
}

function Follow({ call: callId, agent }: { call?: string; agent?: string }) {
  const watching = useLive(`${callId ?? ""}/${agent ?? ""}`, (world) => {
    if (!callId) return { type: "subscribe", agent_id: agent! };
    const since = world.calls[callId]?.seq;
    return { type: "subscribe", call_id: callId, ...(since ? { since } : {}) };
  });
  const { newest, calls } = watching.world.value;
  const call = newest === null ? null : (calls[newest] ?? null);
  return (
    <main class="agent-screen">
      <Head call={call} watching={watching} />
      <NudgeSlot call={call} watching={watching} />
      {call ? call.ended ? <LookBack call={call} /> : <State call={call} /> : null}
      {call ? (
        <section class="card said-card" aria-label="Conversation">
          <NewestNote call={call} />
          <Transcript
            call={call}
            agent="You"
            customer={customerName(call)}
            empty={
              call.started?.words === null
                ? "The words are off for this call. Nudges about pace and talk-over still work."
                : "Words appear here as they are understood."
            }
          />
        </section>
      ) : null}
      {call ? <Limits call={call} /> : null}
    </main>
  );
}

function Head({ call, watching }: { call: Call | null; watching: Watching }) {
  const title = call?.started?.title || call?.started?.source || "";
  return (
    <header class="agent-head">
      <h1>{call ? customerName(call) : "Call monitor"}</h1>
      {call && (
        <span class="quiet small num">
          {call.ended ? "ended · " : ""}
          {clock(call.t)}
          {title && ` · ${title}`}
        </span>
      )}
      <Link live={watching.live} />
    </header>
  );
}

function NudgeSlot({ call, watching }: { call: Call | null; watching: Watching }) {
  const [dismissed, setDismissed] = useState<string | null>(null);
  const [snooze, setSnooze] = useSnooze(call?.id ?? null);
  const stale = watching.live.stale.value;
  const nudge = call ? openNudge(call) : null;
  const key = nudge && `${call!.id}/${nudge.id}`;
  const shown = nudge && key !== dismissed && snooze === null ? nudge : null;

  const dismiss = () => {
    if (!shown || !call) return;
    // After the call there is nobody to tell: it is only put away.
    if (
      call.ended ||
      watching.live.send({ type: "dismiss_nudge", call_id: call.id, id: shown.id })
    ) {
      setDismissed(key);
    }
  };
  const pause = (forS: number) => {
    if (call && watching.live.send({ type: "snooze", call_id: call.id, for_s: forS })) {
      setSnooze(forS);
    }
  };

  return (
    <section class={`nudge-slot ${shown && !stale ? "on" : ""}`} aria-label="Nudge">
      <div class="nudge-body" aria-live="polite" aria-atomic="true">
        {stale ? (
          <Quiet
            text="Connection lost"
            more="What stands below may be old. Trying to come back."
            warn
          />
        ) : shown ? (
          <>
            <p class="nudge-title">{shown.title}</p>
            <p class="nudge-text">{shown.text}</p>
            <p class="nudge-why">{shown.why}</p>
          </>
        ) : (
          <Rest call={call} snooze={snooze} />
        )}
      </div>
      {call && (!call.ended || shown) && !stale && (
        <div class="nudge-actions">
          {shown && (
            <button type="button" onClick={dismiss}>
              {call.ended ? "Got it" : "Dismiss"}
            </button>
          )}
          {call.ended ? null : snooze === null ? (
            <button
              type="button"
              class={shown ? "" : "plain"}
              onClick={() => pause(SNOOZE_S)}
            >
              Pause nudges 5 min
            </button>
          ) : (
            <button type="button" class="plain" onClick={() => pause(RESUME_S)}>
              Bring them back
            </button>
          )}
        </div>
      )}
    </section>
  );
}

/** Nothing to do: a calm screen that says why it is quiet. */
function Rest({ call, snooze }: { call: Call | null; snooze: number | null }) {
  if (!call) return <Quiet text="No call" more="Your next call appears here by itself." />;
  if (call.ended) return <Quiet text="Call ended" more="Your next call appears here by itself." />;
  if (snooze !== null) return <Quiet text="Nudges paused" more="They come back by themselves after 5 minutes." />;
  const last = call.nudges.at(-1);
  if (last?.closed?.outcome === "done" && call.t - last.closed.t < DONE_FOR_S) {
    return <Quiet text={`✓ ${last.opened.title}`} more="Done." />;
  }
  return <Quiet text="Listening" more="No advice right now." />;
}

function Quiet(props: { text: string; more: string; warn?: boolean }) {
  return (
    <div class={props.warn ? "rest warn" : "rest"}>
      <p class="rest-text">{props.text}</p>
      <p class="small">{props.more}</p>
    </div>
  );
}

/** Seconds of snooze as set; null when over. Of one call only: the next call starts fresh. */
function useSnooze(callId: string | null): [number | null, (forS: number) => void] {
  const [paused, setPaused] = useState<{ call: string | null; forS: number } | null>(null);
  useEffect(() => {
    if (!paused) return;
    const timer = setTimeout(() => setPaused(null), paused.forS * 1000);
    return () => clearTimeout(timer);
  }, [paused]);
  const mine = paused?.call === callId ? paused : null;
  return [mine?.forS ?? null, (forS) => setPaused({ call: callId, forS })];
}

function State({ call }: { call: Call }) {
  const why = reasons(call)[0]?.text;
  const holder = speaking(call);
  const since = call.floor ? Math.max(0, call.t - call.floor.since) : 0;
  const who = {
    agent: "You speak",
    customer: "Customer speaks",
    both: "Both speak",
    nobody: "Silence",
  }[holder];
  const together = !separated(call) && holder !== "nobody";
  return (
    <section class="state card" aria-label="The call now">
      <div>
        <h2 class="small quiet">Customer’s mood</h2>
        <Mood
          level={level(call)}
          rising={call.mood?.rising ?? false}
          measured={separated(call)}
        />
        <p class="small quiet state-why" title={why}>
          {level(call) === "calm" ? "" : why}
        </p>
      </div>
      <div>
        <h2 class="small quiet">Who is speaking</h2>
        <p class={`holder ${together ? "" : holder}`}>
          <strong>{together ? "Speech" : who}</strong>
        </p>
        <p class="small quiet num">{call.ended || since < 1 ? "" : clock(since)}</p>
      </div>
    </section>
  );
}

/** The call is over: what was called for in it, for the agent's own eyes first. */
function LookBack({ call }: { call: Call }) {
  const lines = call.report?.scorecard ?? [];
  const replay = `/replay/${encodeURIComponent(call.id)}`;
  return (
    <section class="look-back card pad" aria-label="Looking back">
      <p class="row spread">
        <strong>
          {lines.length > 0
            ? "Called for, and given"
            : call.report && separated(call) && "Nothing was called for"}
        </strong>
        <a class="small" href={replay} target="_blank" rel="noreferrer">
          Hear it again
        </a>
      </p>
      {lines.length > 0 && <Scorecard lines={lines} href={(t) => `${replay}?t=${t}`} />}
    </section>
  );
}

/** A note from the supervisor stays in sight until it was read. */
function NewestNote({ call }: { call: Call }) {
  const [read, setRead] = useState(0);
  const note = call.notes.findLast((other) => other.seq > read);
  return (
    <div aria-live="polite">
      {note && (
        <div class="newest-note">
          <p>
            <strong>{author(note.by)}</strong> {note.text}
          </p>
          <button type="button" class="plain" onClick={() => setRead(note.seq)}>
            Got it
          </button>
        </div>
      )}
    </div>
  );
}

function Limits({ call }: { call: Call }) {
  const limits = call.started?.limits ?? [];
  if (Object.keys(call.degraded).length + limits.length === 0) return null;
  return (
    <footer class="limits">
      <Troubles call={call} />
      {limits.map((limit) => (
        <p class="notice info" key={limit}>
          {limit}
        </p>
      ))}
    </footer>
  );
}

/** A supervisor opened the agent screen without naming an agent. */
function WhoseCall() {
  const { world } = useLive("floor", () => ({ type: "subscribe", floor: true }));
  const live = Object.values(world.value.calls).filter((call) => call.started && !call.ended);
  return (
    <main class="message">
      <h1>Whose screen?</h1>
      <p class="quiet">Live calls, by agent:</p>
      <ul class="whose">
        {live.map((call) => (
          <li key={call.id}>
            <a href={`/agent?call=${encodeURIComponent(call.id)}`}>
              {call.started!.agent.name || call.started!.agent.id || "Agent"} with{" "}
              {customerName(call)}
            </a>
          </li>
        ))}
        {live.length === 0 && <li class="quiet">None at the moment.</li>}
      </ul>
    </main>
  );
}
