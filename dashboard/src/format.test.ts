import { expect, test } from "vitest";
import type { Accommodation } from "./events";
import { following, followingFrom } from "./format";

const OF: Accommodation = {
  r: 0.5,
  low: 0.1,
  high: 0.8,
  exchanges: 21,
  verdict: "followed",
  early_ratio: 1.2,
  late_ratio: 1.1,
  closer: false,
};

test("following the customer's pace, in words", () => {
  expect(following(OF)).toBe("Followed");
  expect(following({ ...OF, verdict: "kept_own", closer: true })).toBe(
    "Kept own pace, came closer",
  );
  expect(followingFrom(OF)).toBe("from 21 exchanges");
});

test("a call too short, or stored before this was asked", () => {
  for (const of of [null, undefined]) {
    expect(following(of)).toBe("Cannot tell");
    expect(followingFrom(of)).toBe("too few exchanges");
  }
});
