/**
 * The one reducer: (world, message) -> world. The live websocket, snapshots and the replay
 * all go through it, so a replayed second looks exactly as it looked live.
 *
 * Idempotent by (call_id, seq): an event that is not newer than what the call already holds
 * changes nothing and returns the very same object. The bus may leave holes (conflated
 * state), never disorder.
 */
import type { Words } from "./events";
import type { CallEvent, EventOf, Level, Party, Reason, ServerMessage } from "./wire";

export interface MoodPoint {
  t: number;
  score: number;
  level: Level;
}

export interface Nudge {
  opened: EventOf<"nudge.opened">;
  closed: EventOf<"nudge.closed"> | null;
  effect: EventOf<"nudge.effect"> | null;
}

/** What a nudge asks for was called for, whether or not the nudge was shown. */
export interface Opportunity {
  /** As first told, with the time at which it began. */
  begun: EventOf<"opportunity">;
  /** As last told. */
  told: EventOf<"opportunity">;
  answer: EventOf<"response"> | null;
}

export interface Alert {
  raised: EventOf<"alert.raised">;
  /** Audio time at which it was cleared, s. */
  clearedT: number | null;
}

export interface Call {
  readonly id: string;
  /** Newest seq folded in. */
  readonly seq: number;
  /** Newest audio time heard of, s. */
  readonly t: number;
  readonly started: EventOf<"call.started"> | null;
  readonly ended: EventOf<"call.ended"> | null;
  readonly floor: EventOf<"floor"> | null;
  readonly levels: EventOf<"levels"> | null;
  readonly pace: EventOf<"pace"> | null;
  readonly mood: EventOf<"mood"> | null;
  readonly moodCurve: readonly MoodPoint[];
  readonly alerts: readonly Alert[];
  readonly turns: readonly EventOf<"turn">[];
  /** By id: a later event with the same id replaces the earlier. */
  readonly overlaps: readonly EventOf<"overlap">[];
  readonly deadAirs: readonly EventOf<"dead_air">[];
  readonly gaps: readonly EventOf<"gap">[];
  readonly cues: readonly EventOf<"cue">[];
  /** In order of t0, one per utterance; a final replaces its partial, never the reverse. */
  readonly utterances: readonly Words[];
  readonly nudges: readonly Nudge[];
  readonly opportunities: readonly Opportunity[];
  readonly notes: readonly EventOf<"note">[];
  /** What works less well now, and why. */
  readonly degraded: Readonly<Partial<Record<EventOf<"degraded">["part"], string>>>;
  readonly report: EventOf<"report"> | null;
}

export interface World {
  readonly calls: Readonly<Record<string, Call>>;
  /** The call that began last, of those this socket was told about. */
  readonly newest: string | null;
  readonly liveCalls: number | null;
  /** The server's last complaint about a message of ours. */
  readonly problem: string | null;
}

export const emptyWorld: World = { calls: {}, newest: null, liveCalls: null, problem: null };

export function emptyCall(id: string): Call {
  return {
    id,
    seq: 0,
    t: 0,
    started: null,
    ended: null,
    floor: null,
    levels: null,
    pace: null,
    mood: null,
    moodCurve: [],
    alerts: [],
    turns: [],
    overlaps: [],
    deadAirs: [],
    gaps: [],
    cues: [],
    utterances: [],
    nudges: [],
    opportunities: [],
    notes: [],
    degraded: {},
    report: null,
  };
}

export function reduce(world: World, message: ServerMessage): World {
  switch (message.type) {
    case "heartbeat":
      return world.liveCalls === message.live_calls
        ? world
        : { ...world, liveCalls: message.live_calls };
    case "error":
      return { ...world, problem: message.reason };
    case "resync":
      return world;
    case "snapshot": {
      const before = world.calls[message.call_id] ?? emptyCall(message.call_id);
      const after = message.events.reduce(reduceCall, before);
      return place({ ...world, problem: null }, {
        ...after,
        seq: Math.max(after.seq, message.seq),
        t: Math.max(after.t, message.t),
      });
    }
    default: {
      const before = world.calls[message.call_id] ?? emptyCall(message.call_id);
      const after = reduceCall(before, message);
      return after === before ? world : place(world, after);
    }
  }
}

/** Calls that nobody needs any more leave the world. */
export function forget(world: World, ids: readonly string[]): World {
  const gone = new Set(ids.filter((id) => id in world.calls));
  if (gone.size === 0) return world;
  const calls = Object.fromEntries(Object.entries(world.calls).filter(([id]) => !gone.has(id)));
  return { ...world, calls, newest: world.newest && gone.has(world.newest) ? null : world.newest };
}

function place(world: World, call: Call): World {
  const newest =
    world.newest === null || (!(call.id in world.calls) && !call.ended) ? call.id : world.newest;
  return { ...world, newest, calls: { ...world.calls, [call.id]: call } };
}

export function reduceCall(call: Call, event: CallEvent): Call {
  if (event.seq <= call.seq) return call;
  return { ...call, ...change(call, event), seq: event.seq, t: Math.max(call.t, event.t) };
}

function change(call: Call, event: CallEvent): Partial<Call> {
  switch (event.type) {
    case "call.started":
      return { started: event };
    case "call.ended":
      return { ended: event };
    case "floor":
      return { floor: event };
    case "levels":
      return { levels: event };
    case "pace":
      return { pace: event };
    case "mood": {
      const point = { t: event.t, score: event.score, level: event.level };
      return { mood: event, moodCurve: [...call.moodCurve, point] };
    }
    case "alert.raised":
      return { alerts: [...call.alerts, { raised: event, clearedT: null }] };
    case "alert.cleared":
      return {
        alerts: call.alerts.map((alert) =>
          alert.raised.id === event.id ? { ...alert, clearedT: event.t } : alert,
        ),
      };
    case "turn":
      return { turns: [...call.turns, event] };
    case "overlap":
      return { overlaps: [...call.overlaps.filter((other) => other.id !== event.id), event] };
    case "dead_air":
      return { deadAirs: [...call.deadAirs, event] };
    case "gap":
      return { gaps: [...call.gaps, event] };
    case "cue": {
      if (event.status !== "taken_back") return { cues: [...call.cues, event] };
      const same = (cue: EventOf<"cue">) => cue.family === event.family && cue.t0 === event.t0;
      return { cues: call.cues.filter((cue) => !same(cue)) };
    }
    case "words":
      return { utterances: withUtterance(call.utterances, event) };
    case "nudge.opened":
      return { nudges: [...call.nudges, { opened: event, closed: null, effect: null }] };
    case "nudge.closed":
      return { nudges: patchNudge(call.nudges, event.id, { closed: event }) };
    case "nudge.effect":
      return { nudges: patchNudge(call.nudges, event.id, { effect: event }) };
    case "opportunity":
      return { opportunities: withOpportunity(call.opportunities, event) };
    case "response":
      return {
        opportunities: call.opportunities.map((one) =>
          one.begun.id === event.id ? { ...one, answer: event } : one,
        ),
      };
    case "note":
      return { notes: [...call.notes, event] };
    case "degraded": {
      const { [event.part]: _, ...others } = call.degraded;
      return { degraded: event.active ? { ...others, [event.part]: event.reason } : others };
    }
    case "report":
      return { report: event };
  }
}

function withUtterance(before: readonly Words[], words: Words): readonly Words[] {
  const old = before.find((other) => other.utterance === words.utterance);
  if (old?.final && !words.final) return before;
  const rest = old ? before.filter((other) => other !== old) : before;
  if (words.text === "") return rest;
  const after = rest.findLastIndex((other) => other.t0 <= words.t0) + 1;
  return [...rest.slice(0, after), words, ...rest.slice(after)];
}

function patchNudge(nudges: readonly Nudge[], id: string, patch: Partial<Nudge>): readonly Nudge[] {
  return nudges.map((nudge) => (nudge.opened.id === id ? { ...nudge, ...patch } : nudge));
}

function withOpportunity(
  before: readonly Opportunity[],
  event: EventOf<"opportunity">,
): readonly Opportunity[] {
  if (!before.some((one) => one.begun.id === event.id)) {
    return [...before, { begun: event, told: event, answer: null }];
  }
  return before.map((one) => (one.begun.id === event.id ? { ...one, told: event } : one));
}

// ---- questions about a call ---------------------------------------------------

/** The one nudge on the screen now. One that outlived its time is not shown, whoever failed
 * to close it; one that is meant for after the call stays. */
export function openNudge(call: Call): EventOf<"nudge.opened"> | null {
  const last = call.nudges.at(-1);
  if (!last || last.closed) return null;
  if (last.opened.when === "after") return last.opened;
  if (call.ended) return null;
  return call.t - last.opened.t <= last.opened.ttl_s ? last.opened : null;
}

export function level(call: Call): Level {
  return call.mood?.level ?? "calm";
}

/** Why the customer's mood is what it is, strongest first. */
export function reasons(call: Call): readonly Reason[] {
  return call.mood?.reasons ?? [];
}

/** Whether each party has a channel of its own; else nothing is known of either alone. */
export function separated(call: Call): boolean {
  return call.started?.separated ?? true;
}

export function speaking(call: Call): Party | "both" | "nobody" {
  return call.floor?.holder ?? "nobody";
}

/** Who held the floor at second `t` of a finished call, by its turns: the store keeps no
 * floor events. */
export function holderAt(call: Call, t: number): Party | "both" | "nobody" {
  const now = new Set(
    call.turns.filter((turn) => turn.t0 <= t && t < turn.t1).map((turn) => turn.party),
  );
  if (now.size === 2) return "both";
  return [...now][0] ?? "nobody";
}

export function talkOvers(call: Call): number {
  return call.overlaps.filter((o) => o.kind === "talk_over" && o.by === "agent").length;
}
