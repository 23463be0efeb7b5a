import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Access, ApiError, api, type CallSummary, type Peaks, type Recorded } from "../api";
import { Fold } from "../fold";
import { clock, when } from "../format";
import { me } from "../me";
import { momentsOf, notShown } from "../moments";
import { Bar } from "../parts/bar";
import { Mood } from "../parts/mood";
import { ReportTable } from "../parts/report";
import { Scorecard } from "../parts/scorecard";
import { Spoken } from "../parts/spoken";
import { Timeline } from "../parts/timeline";
import { Troubles } from "../parts/troubles";
import { useRecorded } from "../parts/use_recorded";
import { Player } from "../player";
import { type Call, holderAt, level, openNudge, reasons, separated } from "../reducer";
import { go } from "../router";
import "../styles/replay.css";

/** A moment is understood from a little before it, s. */
const LEAD_IN_S = 2;

/** One call, heard again: words, mood, overlaps and nudges on one time line. */
export function ReplayScreen({ id }: { id: string }) {
  const { recorded, peaks, problem } = useRecorded(id);
  return (
    <div class="replay">
      <Bar />
      {problem && (
        <main class="message">
          <h1>Not to be heard</h1>
          <p class="quiet">{problem}</p>
          <p>
            <a href="/replay">All calls</a>
          </p>
        </main>
      )}
      {!problem && recorded && <Replay recorded={recorded} peaks={peaks} />}
    </div>
  );
}

function Replay({ recorded, peaks }: { recorded: Recorded; peaks: Peaks | null }) {
  const { call: summary, events } = recorded;
  const fold = useMemo(() => new Fold(summary.call_id, events), [recorded]);
  const call = useMemo(() => fold.end, [fold]);
  const duration = Math.max(
    call.ended?.duration_s ?? call.report?.duration_s ?? call.t,
    summary.duration_s ?? 0,
    1,
  );
  const playable = summary.has_audio && !summary.live;
  const newestDuration = useRef(duration);
  newestDuration.current = duration;
  const player = useMemo(() => new Player(() => newestDuration.current), [summary.call_id]);
  useMemo(() => {
    if (playable) player.hear(api.audioUrl(summary.call_id));
  }, [player, playable]);
  useEffect(() => () => player.close(), [player]);
  useEffect(() => {
    const from = Number(new URLSearchParams(location.search).get("t") ?? Number.NaN);
    if (Number.isFinite(from)) player.seek(from - LEAD_IN_S);
  }, [player]);
  useKeys(player);
  const moments = useMemo(() => momentsOf(call), [call]);
  const scorecard = call.report?.scorecard ?? []; // a call stored before there was one

  return (
    <main class="replay-main">
      <Head summary={summary} call={call} />
      {player.problem.value && <p class="notice bad">{player.problem.value}</p>}
      <Timeline call={call} duration={duration} peaks={peaks} player={player} silent={silence(summary)} />
      <div class="replay-below">
        <section class="card said-card" aria-label="Conversation">
          <Spoken
            call={call}
            player={player}
            agent={summary.agent.name || "Agent"}
            customer={summary.customer.name || "Customer"}
          />
        </section>
        <div class="side" tabIndex={0} role="region" aria-label="Figures and moments">
          <AtPlayhead call={call} fold={fold} player={player} />
          {scorecard.length > 0 && (
            <section class="card pad" aria-label="Scorecard">
              <h2>Called for, and given</h2>
              <Scorecard
                lines={scorecard}
                play={(t) => void player.playFrom(t - LEAD_IN_S)}
              />
            </section>
          )}
          <section class="card pad" aria-label="Moments">
            <h2>Moments</h2>
            <ol class="moments">
              {moments.map((moment, i) => (
                <li key={i}>
                  <button type="button" class="plain" onClick={() => player.seek(moment.t)}>
                    <span class="num small quiet">{clock(moment.t)}</span>
                    <span>
                      <span class={`tag ${moment.kind}`}>{moment.kind}</span>{" "}
                      <strong>{moment.title}</strong>
                      <span class="small quiet"> {moment.more}</span>
                    </span>
                  </button>
                </li>
              ))}
              {moments.length === 0 && <li class="quiet small">Nothing stood out in this call.</li>}
            </ol>
          </section>
          {call.report && (
            <section class="card pad" aria-label="Figures">
              <h2>Figures</h2>
              <ReportTable report={call.report} separated={separated(call)} />
            </section>
          )}
          <WhoLooked id={summary.call_id} />
        </div>
      </div>
    </main>
  );
}

/** Why nothing is heard while the playhead moves; null when something is. */
function silence(summary: CallSummary): string | null {
  if (summary.live) return "Without sound while the call goes on";
  return summary.has_audio ? null : "Without sound: no recording was kept";
}

function Head({ summary, call }: { summary: CallSummary; call: Call }) {
  const limits = call.started?.limits ?? [];
  const remove = () => {
    if (!confirm("Delete this call with its recording, for good?")) return;
    api.remove(summary.call_id).then(
      () => go("/replay"),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        alert(error.message);
      },
    );
  };
  return (
    <header class="replay-head">
      <div>
        <h1>{summary.title || "Call"}</h1>
        <p class="small quiet">
          {[
            when(summary.started_at),
            summary.agent.name && `Agent: ${summary.agent.name}`,
            summary.customer.name && `Customer: ${summary.customer.name}`,
            summary.live && "still going on",
            summary.ended_reason && summary.ended_reason !== "completed" && summary.ended_reason,
            !summary.has_audio && !summary.live && "no recording kept",
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {me.value?.role !== "agent" && !summary.live && (
        <button type="button" class="plain quiet" onClick={remove}>
          Delete
        </button>
      )}
      {limits.map((limit) => (
        <p class="notice info" key={limit}>
          {limit}
        </p>
      ))}
    </header>
  );
}

/** What the screens showed at the second of the playhead: the same reducer, up to there. */
function AtPlayhead(props: { call: Call; fold: Fold; player: Player }) {
  const { fold, player } = props;
  const call = useComputed(() => fold.at(player.t.value)).value;
  const nudge = openNudge(call);
  const speaks = useComputed(() => holderAt(props.call, player.t.value)).value;
  const apart = separated(props.call);
  const one = apart ? null : "Speech";
  const holder = { agent: one ?? "Agent speaks", customer: one ?? "Customer speaks", both: "Both speak", nobody: "Silence" };
  return (
    <section class="card pad at-playhead" aria-label="At the playhead">
      <div class="row">
        <Mood level={level(call)} rising={call.mood?.rising ?? false} measured={apart} />
        <span class={`small holder ${apart ? speaks : ""}`}>{holder[speaks]}</span>
      </div>
      <p class="small quiet one-line">
        {level(call) === "calm" ? "" : reasons(call).map((reason) => reason.text).join(" · ")}
      </p>
      <div class={nudge ? "mini on" : "mini"}>
        {nudge ? (
          <>
            <strong>{nudge.title}</strong>
            <span class="small">{nudge.why}</span>
          </>
        ) : (
          <span class="small">No nudge on the agent’s screen</span>
        )}
      </div>
      {notShown(call).map((line) => (
        <p class="small quiet one-line" key={line}>
          {line}
        </p>
      ))}
      <Troubles call={call} />
    </section>
  );
}

const LOOKED: Record<string, string> = {
  words: "read what was said",
  audio: "listened",
  live: "followed it live",
};

function WhoLooked({ id }: { id: string }) {
  const [looks, setLooks] = useState<Access[] | null>(null);
  useEffect(() => {
    api.access(id).then(setLooks, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }, [id]);
  if (!looks) return null;
  return (
    <details class="card pad">
      <summary>Who looked at this call ({looks.length})</summary>
      <ul class="small looks">
        {looks.map((look, i) => (
          <li key={i}>
            <span class="quiet num">{when(look.at)}</span> {look.by || look.role} — {LOOKED[look.what] ?? look.what}
          </li>
        ))}
      </ul>
    </details>
  );
}

function useKeys(player: Player): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select")) return;
      const step = event.shiftKey ? 1 : 5;
      switch (event.key) {
        case " ":
          if (target.closest("button, a, summary")) return;
          void player.toggle();
          break;
        case "ArrowLeft":
          player.seek(player.t.peek() - step);
          break;
        case "ArrowRight":
          player.seek(player.t.peek() + step);
          break;
        case "Home":
          player.seek(0);
          break;
        default:
          return;
      }
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [player]);
}
