import { describe, expect, test } from "vitest";
import { arrange, heat } from "./heat";
import { type Call, emptyCall, reduceCall } from "./reducer";
import { event } from "./testing";
import type { Level } from "./wire";

function call(id: string, level: Level, score: number): Call {
  return reduceCall(emptyCall(id), event("mood", 1, 100, { call_id: id, level, score }));
}

describe("arrange", () => {
  test("alert before watch before calm, hotter first", () => {
    const calls = [
      call("calm", "calm", 0.2),
      call("alert", "alert", 3.6),
      call("watch", "watch", 2.2),
      call("hot", "alert", 6),
    ];
    expect(arrange([], calls)).toEqual(["hot", "alert", "watch", "calm"]);
  });

  test("neighbours of nearly the same heat stay where they are", () => {
    const calls = [call("a", "watch", 2.2), call("b", "watch", 2.7)];
    expect(arrange(["a", "b"], calls)).toEqual(["a", "b"]);
    expect(arrange(["b", "a"], calls)).toEqual(["b", "a"]);
  });

  test("a clear difference within the band moves the card", () => {
    expect(arrange(["a", "b"], [call("a", "watch", 2.0), call("b", "watch", 3.2)])).toEqual([
      "b",
      "a",
    ]);
  });

  test("a worse band moves the card at once, however small the difference", () => {
    const calls = [call("a", "watch", 3.39), call("b", "alert", 3.4)];
    expect(arrange(["a", "b"], calls)).toEqual(["b", "a"]);
  });

  test("scores that tremble never make cards jump", () => {
    let order = ["a", "b", "c", "d"];
    for (let second = 0; second < 60; second += 1) {
      const tremble = (phase: number) => 0.5 + 0.35 * Math.sin(second + phase);
      const calls = ["a", "b", "c", "d"].map((id, i) => call(id, "calm", tremble(i)));
      const next = arrange(order, calls);
      expect(next).toEqual(order);
      order = next;
    }
  });

  test("who has gone leaves, who is new comes in", () => {
    expect(arrange(["gone", "a"], [call("a", "calm", 0), call("new", "calm", 0)])).toEqual([
      "a",
      "new",
    ]);
  });

  test("every band is contiguous for any mixture", () => {
    const bands: Level[] = ["calm", "watch", "alert"];
    let order: string[] = [];
    for (let round = 0; round < 200; round += 1) {
      const calls = Array.from({ length: 12 }, (_, i) => {
        const band = (round * 7 + i * i * 5) % 3;
        return call(`c${i}`, bands[band]!, band * 1.7 + ((round * 13 + i * 29) % 17) / 10);
      });
      order = arrange(order, calls);
      const ranks = order.map((id) => heat(calls.find((c) => c.id === id)!).band);
      expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    }
  });
});

test("only a recent talk-over by the agent adds heat", () => {
  const calm = call("c", "calm", 1);
  const over = reduceCall(calm, event("overlap", 2, 101, { t1: 101 }));
  const later = reduceCall(over, event("levels", 3, 300));
  const byCustomer = reduceCall(calm, event("overlap", 2, 101, { t1: 101, by: "customer" }));
  expect(heat(over).score).toBeGreaterThan(heat(calm).score);
  expect(heat(later).score).toBe(heat(calm).score);
  expect(heat(byCustomer).score).toBe(heat(calm).score);
});
