import { expect, test } from "vitest";
import { Fold } from "./fold";
import { emptyCall, reduceCall } from "./reducer";
import { event } from "./testing";
import type { CallEvent } from "./wire";

const EVENTS: CallEvent[] = Array.from({ length: 1500 }, (_, i) =>
  i % 3 === 0
    ? event("mood", i + 1, i / 10, { score: i % 8 })
    : event("turn", i + 1, i / 10, { t0: i / 10 - 1, t1: i / 10 }),
);

/** The past from first principles. */
function naive(t: number) {
  return EVENTS.filter((e) => e.t <= t).reduce(reduceCall, emptyCall("c"));
}

test.each([
  ["forwards", [0, 3, 30, 60.05, 149, 200]],
  ["backwards", [200, 149, 60.05, 30, 3, 0]],
  ["to and fro", [75, 12, 74.9, 75, 130, -1, 25.6, 25.5, 149.9]],
])("any jump gives what folding from the start gives: %s", (_, jumps) => {
  const fold = new Fold("c", EVENTS);
  for (const t of jumps) expect(fold.at(t)).toEqual(naive(t));
});

test("while nothing happens the call is the same object", () => {
  const fold = new Fold("c", EVENTS);
  expect(fold.at(50.01)).toBe(fold.at(50.09));
});

test("events are taken in order of seq, whatever order they come in", () => {
  expect(new Fold("c", [...EVENTS].reverse()).at(80)).toEqual(naive(80));
});

test("an event behind its time waits for those before it", () => {
  const events = [event("note", 1, 10), event("note", 2, 9), event("note", 3, 11)];
  const fold = new Fold("c", events);
  expect(fold.at(9.5).notes).toHaveLength(0);
  expect(fold.at(10).notes).toHaveLength(2);
});
