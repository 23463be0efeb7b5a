/** What a person would want to jump to in a call, in order of time. */
import { author, clock, words } from "./format";
import type { Call, Opportunity } from "./reducer";

export interface Moment {
  /** Where to listen from, s. */
  t: number;
  kind: "alert" | "nudge" | "talk-over" | "silence" | "gap" | "note";
  title: string;
  more: string;
}

const OUTCOME: Record<string, string> = {
  done: "✓ done",
  expired: "not taken up",
  replaced: "replaced by a more urgent one",
  dismissed: "dismissed",
  retracted: "taken back",
  call_ended: "call ended",
};

export function outcome(value: string): string {
  return OUTCOME[value] ?? words(value);
}

const WITHHELD: Record<Opportunity["told"]["withheld"], string> = {
  "": "",
  warm_up: "the call had just begun",
  snoozed: "nudges were paused",
  good_moment: "they were saying thanks",
  calm: "nothing was wrong",
  cooldown: "one of its kind had its turn a moment ago",
  budget: "there were enough in this call",
  on_screen: "another one had its turn",
  gap: "another one had just had its turn",
  held_out: "held out at random, to measure what nudges do",
  quiet: "nothing is to be shown",
};

/** What was needed now but not on the screen, and why not. */
export function notShown(call: Call): string[] {
  return call.opportunities
    .filter(({ told, answer }) => answer === null && told.withheld !== "")
    .map(({ told }) => `${told.title}: not shown, ${WITHHELD[told.withheld]}`);
}

export function momentsOf(call: Call): Moment[] {
  const moments: Moment[] = [
    ...call.alerts.map(({ raised, clearedT }) => ({
      t: raised.t,
      kind: "alert" as const,
      title: raised.kind === "rising" ? "Frustration rising" : "Upset from the start",
      more: [
        raised.reasons.map((reason) => reason.text).join(" · "),
        clearedT === null ? "" : `settled at ${clock(clearedT)}`,
      ]
        .filter(Boolean)
        .join(" — "),
    })),
    ...call.nudges.map(({ opened, closed }) => ({
      t: opened.t,
      kind: "nudge" as const,
      title: opened.title,
      more: [
        opened.why,
        closed && outcome(closed.outcome),
        opened.private && "only you see this",
      ]
        .filter(Boolean)
        .join(" — "),
    })),
    ...call.overlaps
      .filter((overlap) => overlap.kind === "talk_over")
      .map((overlap) => ({
        t: overlap.t0,
        kind: "talk-over" as const,
        title: overlap.by === "agent" ? "Agent talks over" : "Customer talks over",
        more: overlap.reasons.join(" · ") || `${(overlap.t1 - overlap.t0).toFixed(1)} s`,
      })),
    ...call.deadAirs.map((air) => ({
      t: air.t0,
      kind: "silence" as const,
      title: "Dead air",
      more: `${(air.t1 - air.t0).toFixed(1)} s`,
    })),
    ...call.gaps.map((gap) => ({
      t: gap.t0,
      kind: "gap" as const,
      title: `No audio: ${gap.reason}`,
      more: `${(gap.t1 - gap.t0).toFixed(1)} s`,
    })),
    ...call.notes.map((note) => ({
      t: note.t,
      kind: "note" as const,
      title: `Private note from ${author(note.by)}`,
      more: note.text,
    })),
  ];
  return moments.sort((a, b) => a.t - b.t);
}
