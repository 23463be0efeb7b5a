import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api } from "../api";
import { about, agentName, clock, customerName } from "../format";
import { type Call, emptyCall, emptyWorld, level, reasons, reduceCall, separated, type World } from "../reducer";
import { Curve } from "./curve";
import { Link } from "./link";
import { Mood } from "./mood";
import { Transcript } from "./transcript";
import { Troubles } from "./troubles";
import { useLive, type Watching } from "./use_live";

/** One call, followed live: what was stored so far, then the events since. */
export function Panel({ id, onClose }: { id: string; onClose: () => void }) {
  const [past, setPast] = useState<World | null>(null);
  useEffect(() => {
    let wanted = true;
    const begin = (call: Call) => {
      if (wanted) setPast({ ...emptyWorld, newest: id, calls: { [id]: call } });
    };
    api.call(id).then(
      ({ events }) => begin(events.reduce(reduceCall, emptyCall(id))),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        begin(emptyCall(id)); // the snapshot will bring the facts
      },
    );
    return () => {
      wanted = false;
    };
  }, [id]);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const back = document.activeElement as HTMLElement | null;
    box.current?.focus({ preventScroll: true });
    return () => back?.focus?.({ preventScroll: true });
  }, []);
  return (
    <aside
      class="panel"
      aria-label="One call, live"
      ref={box}
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      {past && <Followed id={id} past={past} onClose={onClose} />}
    </aside>
  );
}

function Followed({ id, past, onClose }: { id: string; past: World; onClose: () => void }) {
  const watching = useLive(
    id,
    (world) => {
      const since = world.calls[id]?.seq ?? 0;
      return { type: "subscribe", call_id: id, ...(since > 0 ? { since } : {}) };
    },
    { from: past, batchMs: 120 },
  );
  const call = watching.world.value.calls[id] ?? emptyCall(id);
  return (
    <>
      <header class="panel-head">
        <div>
          <h2>{agentName(call)}</h2>
          <p class="small quiet num">
            {about(call)} · {clock(call.t)}
          </p>
        </div>
        <Link live={watching.live} />
        <button type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <Troubles call={call} />
      <section class="panel-mood" aria-label="Customer mood">
        <div class="row">
          <Mood level={level(call)} rising={call.mood?.rising ?? false} measured={separated(call)} />
          {call.ended && <span class="small quiet">Call ended: {call.ended.reason}</span>}
        </div>
        <ul class="reasons small">
          {reasons(call).map((reason) => (
            <li key={reason.text}>
              <span class="quiet num">{clock(reason.t)}</span> {reason.text}
            </li>
          ))}
        </ul>
        <Curve curve={call.moodCurve} duration={call.t} height={104} />
      </section>
      <Transcript
        call={call}
        agent={agentName(call)}
        customer={customerName(call)}
        moments
        empty="No words yet."
      />
      <NoteBox call={call} watching={watching} />
    </>
  );
}

function NoteBox({ call, watching }: { call: Call; watching: Watching }) {
  const [text, setText] = useState("");
  const [sent, setSent] = useState<string | null>(null);
  const problem = watching.world.value.problem;
  const send = (event: Event) => {
    event.preventDefault();
    const note = text.trim();
    if (!note) return;
    if (watching.live.send({ type: "send_note", call_id: call.id, text: note })) {
      setText("");
      setSent(`Sent to ${agentName(call)}.`);
    } else {
      setSent("Not sent: no connection.");
    }
  };
  return (
    <form class="note-box" onSubmit={send}>
      <label class="small quiet" for="note">
        Private note to {agentName(call)}; the customer never sees it
      </label>
      <div class="row">
        <textarea
          id="note"
          rows={2}
          maxLength={500}
          value={text}
          disabled={call.ended !== null}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setSent(null);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) send(event);
          }}
        />
        <button type="submit" class="primary" disabled={call.ended !== null || !text.trim()}>
          Send
        </button>
      </div>
      <p class="small quiet" role="status">
        {problem ?? sent ?? ""}
      </p>
    </form>
  );
}
