/** The lanes of the time line: pure drawings of a call, `perS` px per second. */
import { clock, words } from "../format";
import { outcome } from "../moments";
import type { Call } from "../reducer";
import type { EventOf } from "../wire";

interface Lane {
  call: Call;
  width: number;
  perS: number;
}

function Strip(props: { name: string; lane: Lane; height: number; children: preact.ComponentChildren }) {
  return (
    <svg class={`lane ${props.name}`} width={props.lane.width} height={props.height} aria-hidden="true">
      {props.children}
    </svg>
  );
}

function span(lane: Lane, t0: number, t1: number, least = 2) {
  return { x: t0 * lane.perS, width: Math.max((t1 - t0) * lane.perS, least) };
}

export function Ruler(lane: Lane & { duration: number }) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s * lane.perS >= 64) ?? 1800;
  const ticks = Array.from({ length: Math.floor(lane.duration / step) + 1 }, (_, i) => i * step);
  return (
    <Strip name="ruler" lane={lane} height={24}>
      {ticks.map((t) => (
        <g key={t} transform={`translate(${t * lane.perS} 0)`}>
          <line y1="18" y2="24" x1=".5" x2=".5" />
          {t * lane.perS < lane.width - 40 && <text x={t === 0 ? 1 : 4} y="15">{clock(t)}</text>}
        </g>
      ))}
    </Strip>
  );
}

export function TurnLane(lane: Lane) {
  return (
    <Strip name="turns" lane={lane} height={32}>
      {lane.call.turns.map((turn) => (
        <rect
          key={turn.seq}
          class={turn.party}
          {...span(lane, turn.t0, turn.t1)}
          y={turn.party === "agent" ? 3 : 17}
          height="12"
          rx="3"
        >
          <title>
            {`${words(turn.party)} ${clock(turn.t0)}, ${(turn.t1 - turn.t0).toFixed(1)} s` +
              (turn.fto_s === null ? "" : `, came in after ${turn.fto_s.toFixed(2)} s`)}
          </title>
        </rect>
      ))}
    </Strip>
  );
}

const OVERLAP_HEIGHT: Record<EventOf<"overlap">["kind"], number> = {
  talk_over: 24,
  interruption: 17,
  terminal: 10,
  backchannel: 6,
};

export function OverlapLane(lane: Lane) {
  return (
    <Strip name="overlaps" lane={lane} height={28}>
      {lane.call.overlaps.map((overlap) => {
        const height = OVERLAP_HEIGHT[overlap.kind];
        return (
          <rect
            key={overlap.id}
            class={overlap.kind}
            {...span(lane, overlap.t0, overlap.t1, 4)}
            y={26 - height}
            height={height}
            rx="1.5"
          >
            <title>
              {`${words(overlap.kind)} by the ${overlap.by}, ${clock(overlap.t0)}` +
                (overlap.reasons.length > 0 ? `: ${overlap.reasons.join(", ")}` : "")}
            </title>
          </rect>
        );
      })}
    </Strip>
  );
}

export function SilenceLane(lane: Lane) {
  return (
    <Strip name="silence" lane={lane} height={20}>
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1="0" x2="0" y1="0" y2="6" />
        </pattern>
      </defs>
      {lane.call.deadAirs.map((air) => (
        <rect key={air.seq} class="dead" {...span(lane, air.t0, air.t1)} y="6" height="8" rx="4">
          <title>{`Dead air, ${(air.t1 - air.t0).toFixed(1)} s`}</title>
        </rect>
      ))}
      {lane.call.gaps.map((gap) => (
        <rect key={gap.seq} class="gap" {...span(lane, gap.t0, gap.t1)} y="2" height="16">
          <title>{`No audio (${gap.reason}), ${(gap.t1 - gap.t0).toFixed(1)} s`}</title>
        </rect>
      ))}
    </Strip>
  );
}

/** What moves nobody's mood is a tick only: there is much of it in a good call. */
function shape(cue: EventOf<"cue">): string {
  if (cue.weight === 0) return "M-1-3H1V3H-1Z";
  return cue.party === "agent" ? "M-5-4H5L0 4Z" : "M-5 4H5L0-4Z";
}

export function CueLane(lane: Lane) {
  return (
    <Strip name="cues" lane={lane} height={24}>
      {lane.call.cues.map((cue) => (
        <path
          key={cue.seq}
          class={cue.weight === 0 ? `${cue.party} slight` : cue.party}
          transform={`translate(${cue.t0 * lane.perS} ${cue.party === "agent" ? 7 : 17})`}
          d={shape(cue)}
        >
          <title>{`${words(cue.party)}: ${words(cue.family)} — “${cue.text}”`}</title>
        </path>
      ))}
    </Strip>
  );
}

const GLYPH: Record<string, string> = { done: "✓", expired: "–", dismissed: "×" };
const PX_PER_LETTER = 6.6;

export function NudgeLane(lane: Lane) {
  const { nudges } = lane.call;
  return (
    <Strip name="nudges" lane={lane} height={30}>
      {nudges.map(({ opened, closed }, i) => {
        const t1 = closed?.t ?? lane.call.t;
        const at = span(lane, opened.t, t1, 5);
        const free = (nudges[i + 1]?.opened.t ?? Infinity) * lane.perS - at.x;
        const label = `${GLYPH[closed?.outcome ?? ""] ?? ""} ${opened.title}`.trim();
        const room = Math.min(free, lane.width - at.x) - 12;
        const fits = room > label.length * PX_PER_LETTER;
        return (
          <g key={opened.id}>
            <rect {...at} y="4" height="22" rx="4" />
            {fits && (
              <text
                x={at.x + (at.width > label.length * PX_PER_LETTER + 12 ? 6 : at.width + 5)}
                y="19"
                class={at.width > label.length * PX_PER_LETTER + 12 ? "in" : ""}
              >
                {label}
              </text>
            )}
            <title>
              {`${opened.title}: ${opened.why}` + (closed ? ` (${outcome(closed.outcome)})` : "")}
            </title>
          </g>
        );
      })}
    </Strip>
  );
}
