import type { Words } from "../events";
import { author, clock, speakerName } from "../format";
import { type Call, separated } from "../reducer";
import type { EventOf } from "../wire";
import { useFollow } from "./follow";

type Line = Words | EventOf<"note"> | EventOf<"nudge.opened"> | EventOf<"alert.raised">;

/** What was said, newest at the end. `agent` names the agent ("You" on their own screen);
 * `moments` also lists nudges and alerts, for those who follow from outside. */
export function Transcript(props: {
  call: Call;
  agent: string;
  customer: string;
  moments?: boolean;
  empty: string;
}) {
  const lines = linesOf(props.call, props.moments ?? false);
  const list = useFollow<HTMLOListElement>(props.call.seq);
  return (
    <ol class="transcript" ref={list} aria-label="Transcript" tabIndex={0}>
      {lines.length === 0 && <li class="message quiet small">{props.empty}</li>}
      {lines.map((line) => (
        <Row key={keyOf(line)} line={line} call={props.call} names={props} />
      ))}
    </ol>
  );
}

function linesOf(call: Call, moments: boolean): Line[] {
  const lines: Line[] = [...call.utterances, ...call.notes];
  if (moments) {
    lines.push(...call.nudges.map((nudge) => nudge.opened));
    lines.push(...call.alerts.map((alert) => alert.raised));
  }
  return lines.sort((a, b) => start(a) - start(b));
}

function start(line: Line): number {
  return line.type === "words" ? line.t0 : line.t;
}

function keyOf(line: Line): string {
  return line.type === "words" ? `u${line.utterance}` : `s${line.seq}`;
}

function Row(props: { line: Line; call: Call; names: { agent: string; customer: string } }) {
  const { line, call, names } = props;
  switch (line.type) {
    case "words":
      return (
        <li class={`utterance ${separated(call) ? line.party : ""} ${line.final ? "" : "partial"}`}>
          <span class="at">{clock(line.t0)}</span>
          <span>
            <span class="who">{speakerName(call, line.party, names)}</span>{" "}
            <span class="said">{line.text}</span>
          </span>
        </li>
      );
    case "note":
      return (
        <li class="utterance note">
          <span class="at">{clock(line.t)}</span>
          <span>
            <span class="who">Private note · {author(line.by)}</span>{" "}
            <span class="said">{line.text}</span>
          </span>
        </li>
      );
    case "nudge.opened":
      return (
        <li class="utterance event">
          <span class="at">{clock(line.t)}</span>
          <span>
            Nudge: <strong>{line.title}</strong> — {line.why}
          </span>
        </li>
      );
    case "alert.raised":
      return (
        <li class="utterance event">
          <span class="at">{clock(line.t)}</span>
          <span>
            <strong>Alert</strong>: {line.reasons.map((reason) => reason.text).join(" · ")}
          </span>
        </li>
      );
  }
}
