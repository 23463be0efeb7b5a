import { describe, expect, test } from "vitest";
import {
  emptyCall,
  emptyWorld,
  forget,
  holderAt,
  level,
  openNudge,
  reduce,
  reduceCall,
  talkOvers,
} from "./reducer";
import { notShown } from "./moments";
import { event, script } from "./testing";
import type { CallEvent, ServerMessage } from "./wire";

const fold = (events: readonly CallEvent[]) => events.reduce(reduceCall, emptyCall("c"));
const world = (...messages: ServerMessage[]) => messages.reduce(reduce, emptyWorld);
const snapshot = (events: CallEvent[], call_id = "c"): ServerMessage => ({
  type: "snapshot",
  call_id,
  seq: events.at(-1)?.seq ?? 0,
  t: events.at(-1)?.t ?? 0,
  events,
});

const CALL = script(
  ["call.started", 0],
  ["floor", 1, { holder: "customer", since: 1 }],
  ["words", 3, { utterance: 1, text: "where is it", t0: 1, t1: 3 }],
  ["mood", 3, { score: 2.4, level: "watch", rising: true }],
  ["overlap", 4, { id: "o1", kind: "talk_over", final: false, t0: 3.2, t1: 4 }],
  ["nudge.opened", 4.2, { id: "n1" }],
  ["overlap", 5, { id: "o1", kind: "backchannel", t0: 3.2, t1: 4 }],
  ["turn", 6, { party: "customer", t0: 1, t1: 5 }],
  ["nudge.closed", 7, { id: "n1", outcome: "retracted" }],
);

describe("idempotence", () => {
  test("an event that is not newer returns the very same call", () => {
    const call = fold(CALL);
    for (const old of CALL) expect(reduceCall(call, old)).toBe(call);
  });

  test("an old event leaves the very same world", () => {
    const before = world(...CALL);
    expect(reduce(before, CALL[3]!)).toBe(before);
  });

  test("a snapshot over what is already there changes no fact", () => {
    const before = world(...CALL);
    const after = reduce(before, snapshot(CALL));
    expect(after.calls["c"]).toEqual(before.calls["c"]);
  });

  test.each([0, 1, 4, 8])("snapshot of the first %i events, then the rest twice", (count) => {
    const twice = [...CALL.slice(count), ...CALL.slice(count)];
    const after = world(snapshot(CALL.slice(0, count)), ...twice);
    expect(after.calls["c"]).toEqual(fold(CALL));
  });

  test("calls do not touch each other, whatever their seq", () => {
    const other = event("note", 1, 0.5, { call_id: "d" });
    const after = world(...CALL, other);
    expect(after.calls["d"]?.notes).toHaveLength(1);
    expect(after.calls["c"]).toEqual(fold(CALL));
  });

  test("the reducer changes no earlier state", () => {
    const states = CALL.map((_, i) => fold(CALL.slice(0, i)));
    const before = structuredClone(states);
    states.forEach((state, i) => reduceCall(state, CALL[i]!));
    expect(states).toEqual(before);
  });
});

describe("holes", () => {
  test("conflated state may be missing: the newest counts", () => {
    const call = fold(CALL.filter(({ type }) => type !== "floor"));
    expect(call.floor).toBeNull();
    expect(call.seq).toBe(9);
    expect(call.turns).toHaveLength(1);
  });
});

describe("what the events mean", () => {
  test("an overlap sent again under its id replaces the first verdict", () => {
    expect(talkOvers(fold(CALL.slice(0, 6)))).toBe(1);
    const call = fold(CALL);
    expect(call.overlaps).toHaveLength(1);
    expect(talkOvers(call)).toBe(0);
  });

  test("a final replaces its partial; a straggling partial does not come back", () => {
    const call = fold(
      script(
        ["words", 1, { utterance: 4, text: "where", final: false }],
        ["words", 2, { utterance: 4, text: "where is it" }],
        ["words", 3, { utterance: 4, text: "where is", final: false }],
      ),
    );
    expect(call.utterances.map(({ text }) => text)).toEqual(["where is it"]);
  });

  test("a likely cue stays, unless the final words take it back", () => {
    const likely = { family: "churn", t0: 4.2, status: "likely" } as const;
    const other = { family: "effort", t0: 4.2 };
    const call = fold(script(["cue", 6, likely], ["cue", 7, other]));
    expect(call.cues).toHaveLength(2);
    const after = reduceCall(call, event("cue", 3, 9, { ...likely, status: "taken_back" }));
    expect(after.cues.map(({ family }) => family)).toEqual(["effort"]);
  });

  test("words that arrive late stand where they were said", () => {
    const call = fold(
      script(
        ["words", 9, { utterance: 2, text: "second", t0: 6, t1: 8 }],
        ["words", 12, { utterance: 1, text: "first", t0: 1, t1: 5 }],
        ["words", 14, { utterance: 3, text: "third", t0: 9, t1: 12 }],
      ),
    );
    expect(call.utterances.map(({ text }) => text)).toEqual(["first", "second", "third"]);
  });

  test("an empty final takes its partial away", () => {
    const call = fold(
      script(
        ["words", 1, { utterance: 1, text: "uh", final: false }],
        ["words", 2, { utterance: 1, text: "" }],
      ),
    );
    expect(call.utterances).toEqual([]);
  });

  test("a part that works again is no longer degraded", () => {
    const broken = fold(script(["degraded", 1, { part: "words", reason: "Words are late" }]));
    expect(broken.degraded).toEqual({ words: "Words are late" });
    const mended = reduceCall(broken, event("degraded", 2, 2, { part: "words", active: false }));
    expect(mended.degraded).toEqual({});
  });

  test("an alert is cleared by its id", () => {
    const call = fold(
      script(
        ["alert.raised", 10, { id: "x" }],
        ["alert.raised", 50, { id: "y" }],
        ["alert.cleared", 70, { id: "y" }],
      ),
    );
    expect(call.alerts.map(({ clearedT }) => clearedT)).toEqual([null, 70]);
  });

  test("a call without a mood event is calm", () => {
    expect(level(emptyCall("c"))).toBe("calm");
  });
});

test("the floor at a second is read from the turns around it", () => {
  const call = fold(
    script(
      ["turn", 4, { party: "agent", t0: 1, t1: 4 }],
      ["turn", 8, { party: "customer", t0: 3, t1: 8 }],
    ),
  );
  const holders = [0, 1, 3.5, 4, 8].map((t) => holderAt(call, t));
  expect(holders).toEqual(["nobody", "agent", "both", "customer", "nobody"]);
});

describe("the nudge on the screen", () => {
  const opened = script(["nudge.opened", 10, { id: "n1", ttl_s: 12 }]);

  test("is open until closed", () => {
    expect(openNudge(fold(opened))?.id).toBe("n1");
    expect(openNudge(reduceCall(fold(opened), event("nudge.closed", 2, 12)))).toBeNull();
  });

  test("outlives its time to live for nobody", () => {
    const at = (t: number) => openNudge(reduceCall(fold(opened), event("levels", 2, t)));
    expect(at(22)?.id).toBe("n1");
    expect(at(22.1)).toBeNull();
  });

  test("leaves with the call", () => {
    expect(openNudge(reduceCall(fold(opened), event("call.ended", 2, 11)))).toBeNull();
  });

  test("stays after the call when it is meant for then", () => {
    const after = script(["call.ended", 60], ["nudge.opened", 60, { id: "n2", when: "after" }]);
    expect(openNudge(fold(after))?.id).toBe("n2");
  });

  test("closing another one leaves it open", () => {
    const call = reduceCall(fold(opened), event("nudge.closed", 2, 11, { id: "n0" }));
    expect(openNudge(call)?.id).toBe("n1");
  });
});

test("an opportunity keeps when it began, how it stands, and its answer", () => {
  const call = fold(
    script(
      ["opportunity", 4, { id: "p1", due: false }],
      ["opportunity", 6, { id: "p2", withheld: "on_screen" }],
      ["opportunity", 9, { id: "p1", due: true, shown: "n1" }],
      ["response", 12, { id: "p1", outcome: "given", prompted: true }],
    ),
  );
  const known = call.opportunities.map((one) => [one.begun.t, one.told.shown, one.answer?.outcome]);
  expect(known).toEqual([
    [4, "n1", "given"],
    [6, "", undefined],
  ]);
  expect(notShown(call)).toEqual(["Let them vent: not shown, another one had its turn"]);
});

describe("the world", () => {
  test("the newest call is the one that began last", () => {
    const first = world(snapshot(CALL));
    const second = reduce(first, event("call.started", 1, 0, { call_id: "d" }));
    expect(second.newest).toBe("d");
    expect(reduce(second, event("note", 30, 20, { call_id: "c" })).newest).toBe("d");
  });

  test("forgetting calls keeps the others, and nothing to forget keeps the object", () => {
    const two = world(snapshot(CALL), event("call.started", 1, 0, { call_id: "d" }));
    expect(Object.keys(forget(two, ["d"]).calls)).toEqual(["c"]);
    expect(forget(two, ["nobody"])).toBe(two);
  });

  test("an error from the server is kept to be shown", () => {
    expect(world({ type: "error", reason: "no such call" }).problem).toBe("no such call");
  });
});
