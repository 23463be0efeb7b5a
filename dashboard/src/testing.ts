/** Events for the tests: what matters is given, the rest is ordinary. */
import type { CallEvent, EventOf } from "./wire";

type Given<T extends CallEvent["type"]> = Partial<Omit<EventOf<T>, "type">>;

const ORDINARY: { [T in CallEvent["type"]]: Omit<EventOf<T>, "type" | "call_id" | "seq" | "t"> } = {
  "call.started": {
    started_at: "2030-01-01T10:00:00+00:00",
    source: "wav",
    title: "Late parcel",
    agent: { id: "a1", name: "Ada" },
    customer: { id: "c1", name: "Sam" },
    live: true,
    words: "tiny.en",
    separated: true,
    limits: [],
    policy: "",
    hot_calls: 0,
  },
  "call.ended": { reason: "completed", detail: "", duration_s: 60 },
  gap: { t0: 0, t1: 1, reason: "lost", party: null },
  degraded: { part: "words", active: true, reason: "Words are late" },
  note: { by: "Kim", text: "Offer a refund" },
  levels: { agent_db: -30, customer_db: -30, agent_speaking: false, customer_speaking: false },
  floor: { holder: "nobody", since: 0 },
  turn: { party: "agent", t0: 0, t1: 1, fto_s: null },
  overlap: {
    id: "o1",
    kind: "talk_over",
    by: "agent",
    t0: 0,
    t1: 1,
    score: 3,
    final: true,
    reasons: [],
  },
  dead_air: { t0: 0, t1: 6 },
  pace: {
    agent_syl_per_s: null,
    customer_syl_per_s: null,
    agent_wpm: null,
    customer_wpm: null,
  },
  words: {
    utterance: 1,
    party: "customer",
    t0: 0,
    t1: 1,
    text: "hello",
    words: [],
    final: true,
    confidence: 1,
    late: false,
  },
  cue: { family: "not_heard", party: "customer", t0: 0, t1: 1, text: "listen to me", weight: 2, by: "phrase", status: "heard" },
  mood: { score: 0, level: "calm", rising: false, upset_from_start: false, reasons: [] },
  "alert.raised": { id: "al1", kind: "rising", score: 3.6, reasons: [] },
  "alert.cleared": { id: "al1", lasted_s: 10 },
  "nudge.opened": {
    id: "n1",
    nudge: "let_them_vent",
    title: "Let them vent",
    text: "Listen until they have finished.",
    why: "Customer upset for 12 s",
    evidence: [],
    priority: 1,
    ttl_s: 12,
    when: "during",
    private: false,
  },
  "nudge.closed": { id: "n1", nudge: "let_them_vent", outcome: "done", why: "", open_s: 5, private: false },
  "nudge.effect": {
    id: "n1",
    nudge: "let_them_vent",
    followed: true,
    mood_before: 3,
    mood_after: 1,
    opportunity: "p1",
    arm: "shown",
    after_s: 60,
    private: false,
  },
  opportunity: {
    id: "p1",
    nudge: "let_them_vent",
    title: "Let them vent",
    evidence: [],
    due: true,
    shown: "",
    withheld: "",
    confidence: null,
    private: false,
  },
  response: {
    id: "p1",
    nudge: "let_them_vent",
    outcome: "given",
    prompted: false,
    how: null,
    private: false,
  },
  report: {
    duration_s: 60,
    agent: {
      talk_s: 20,
      talk_share: 0.5,
      longest_monologue_s: 8,
      turns: 5,
      wpm: null,
      syl_per_s: null,
      response_latency_s: null,
    },
    customer: {
      talk_s: 20,
      talk_share: 0.5,
      longest_monologue_s: 8,
      turns: 5,
      wpm: null,
      syl_per_s: null,
      response_latency_s: null,
    },
    median_fto_s: null,
    dead_air_s: 0,
    dead_air_count: 0,
    overtalk_s: 0,
    overlaps: {},
    talk_overs_per_10_min: 0,
    accommodation: null,
    mood: {
      peak: 0,
      peak_t: 0,
      mean: 0,
      end: 0,
      alerts: 0,
      watch_s: 0,
      alert_s: 0,
      upset_from_start: false,
    },
    nudges: [],
    scorecard: [],
    limits: [],
  },
};

export function event<T extends CallEvent["type"]>(
  type: T,
  seq: number,
  t: number,
  given: Given<T> = {},
): EventOf<T> {
  return { ...ORDINARY[type], type, call_id: "c", seq, t, ...given } as unknown as EventOf<T>;
}

/** Events numbered in order: [type, t, what matters]. */
export function script(
  ...lines: { [T in CallEvent["type"]]: [T, number, Given<T>?] }[CallEvent["type"]][]
): CallEvent[] {
  return lines.map(([type, t, given], i) => event(type, i + 1, t, (given ?? {}) as never));
}
