/**
 * Which live call needs a supervisor most, and an order of cards that people can follow.
 *
 * Sorting by a score that moves every second makes cards jump under the pointer. Here a card
 * passes its neighbour only when its band is worse, or when within the band it is hotter by a
 * margin; otherwise both stay where they were.
 */
import { type Call, level, openNudge } from "./reducer";
import type { Level } from "./wire";

const RANK: Record<Level, number> = { calm: 0, watch: 1, alert: 2 };
/** Talk-overs count while they are this recent, s. */
const RECENT_S = 60;
/** In units of the mood score. */
const MARGIN = 0.8;

export interface Heat {
  band: number;
  score: number;
}

export function heat(call: Call): Heat {
  const recent = call.overlaps.filter(
    (o) => o.kind === "talk_over" && o.by === "agent" && call.t - o.t1 < RECENT_S,
  ).length;
  const nudge = openNudge(call) ? 0.4 : 0;
  return {
    band: RANK[level(call)],
    score: (call.mood?.score ?? 0) + 0.4 * Math.min(recent, 3) + nudge,
  };
}

function passes(mover: Heat, other: Heat): boolean {
  return mover.band !== other.band ? mover.band > other.band : mover.score > other.score + MARGIN;
}

/**
 * The next order of the cards: hottest first, moving as few as possible.
 *
 * `before` is the order on the screen. Calls not in it come in at the end of their band's
 * reach; calls that are gone leave.
 */
export function arrange(before: readonly string[], calls: readonly Call[]): string[] {
  const heats = new Map(calls.map((call) => [call.id, heat(call)]));
  const known = before.filter((id) => heats.has(id));
  const seen = new Set(known);
  const order: string[] = [];
  for (const id of [...known, ...calls.map((call) => call.id).filter((id) => !seen.has(id))]) {
    const mine = heats.get(id)!;
    let place = order.length;
    while (place > 0 && passes(mine, heats.get(order[place - 1]!)!)) place -= 1;
    order.splice(place, 0, id);
  }
  return order;
}
