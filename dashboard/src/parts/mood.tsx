import { LEVEL_WORD } from "../format";
import type { Level } from "../wire";

const SHAPE: Record<Level, string> = {
  calm: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
  watch: "M8 .8 15.2 8 8 15.2.8 8Z",
  alert: "M8 1 15.5 14.5H.5Z",
};

/** The customer's mood as a word, a shape and a colour; bands, never percentages. */
export function Mood(props: {
  level: Level;
  rising?: boolean;
  label?: string;
  /** False: the two parties share a channel, so there is no mood to show. */
  measured?: boolean;
}) {
  if (props.measured === false) return <span class="mood none">Not measured</span>;
  return (
    <span class={`mood ${props.level}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPE[props.level]} fill="currentColor" />
      </svg>
      {props.label ?? LEVEL_WORD[props.level]}
      {props.rising && props.level !== "calm" && " · rising"}
    </span>
  );
}
