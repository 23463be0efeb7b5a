// Generated from events.schema.json by scripts/types.mjs: `npm run types`. Do not edit.

export type Message =
  | CallStarted
  | CallEnded
  | Gap
  | Degraded
  | Note
  | Levels
  | Floor
  | Turn
  | Overlap
  | DeadAir
  | Pace
  | Words
  | Cue
  | Mood
  | AlertRaised
  | AlertCleared
  | NudgeOpened
  | NudgeClosed
  | NudgeEffect
  | Opportunity
  | Response
  | Report
  | Snapshot
  | Heartbeat
  | Resync
  | Problem
  | Subscribe
  | SendNote
  | DismissNudge
  | Snooze;

export interface CallStarted {
  agent: Person;
  call_id: string;
  customer: Person;
  /**
   * The agent's calls with an alert in the hour before
   */
  hot_calls: number;
  /**
   * What is off for this call, and why
   */
  limits: string[];
  live: boolean;
  /**
   * Hash of the nudge policy in force
   */
  policy: string;
  /**
   * False: both parties share one channel
   */
  separated: boolean;
  seq: number;
  /**
   * Name of the way in: wav, microphone, pcm …
   */
  source: string;
  /**
   * Wall clock at audio time 0, ISO 8601 with offset
   */
  started_at: string;
  t: number;
  title: string;
  type: "call.started";
  /**
   * Speech-to-text model; null: words off
   */
  words: string | null;
}
/**
 * Who is on the line, as far as the source knows.
 */
export interface Person {
  id: string;
  name: string;
}
export interface CallEnded {
  call_id: string;
  detail: string;
  duration_s: number;
  reason: "completed" | "stopped" | "failed" | "lost";
  seq: number;
  t: number;
  type: "call.ended";
}
/**
 * Audio that is missing: never to be read as silence.
 */
export interface Gap {
  call_id: string;
  /**
   * null: both
   */
  party: ("agent" | "customer") | null;
  reason: "paused" | "hold" | "lost" | "overrun";
  seq: number;
  t: number;
  t0: number;
  t1: number;
  type: "gap";
}
/**
 * A part of the monitor works less well, or works again (``active`` false).
 */
export interface Degraded {
  active: boolean;
  call_id: string;
  part: "words" | "hearing" | "recording" | "source";
  reason: string;
  seq: number;
  t: number;
  type: "degraded";
}
/**
 * A private note from a supervisor to the agent.
 */
export interface Note {
  by: string;
  call_id: string;
  seq: number;
  t: number;
  text: string;
  type: "note";
}
/**
 * What the meters show. State, a few times a second.
 */
export interface Levels {
  agent_db: number;
  agent_speaking: boolean;
  call_id: string;
  customer_db: number;
  customer_speaking: boolean;
  seq: number;
  t: number;
  type: "levels";
}
/**
 * Who holds the floor now. State.
 */
export interface Floor {
  call_id: string;
  holder: "agent" | "customer" | "both" | "nobody";
  seq: number;
  since: number;
  t: number;
  type: "floor";
}
/**
 * One party's utterances until the other takes the floor; emitted when it ends.
 */
export interface Turn {
  call_id: string;
  /**
   * Floor-transfer offset to the turn before it, s; negative: overlap
   */
  fto_s: number | null;
  party: "agent" | "customer";
  seq: number;
  t: number;
  t0: number;
  t1: number;
  type: "turn";
}
/**
 * Both spoke at once. The same ``id`` may be sent again with ``final`` true,
 * or as a retraction (``kind`` no longer ``talk_over``) when the words are in.
 */
export interface Overlap {
  /**
   * Who came in on the other
   */
  by: "agent" | "customer";
  call_id: string;
  final: boolean;
  id: string;
  kind: "backchannel" | "terminal" | "interruption" | "talk_over";
  reasons: string[];
  /**
   * Points of the talk-over rule
   */
  score: number;
  seq: number;
  t: number;
  t0: number;
  t1: number;
  type: "overlap";
}
/**
 * Both silent for long; emitted when it ends.
 */
export interface DeadAir {
  call_id: string;
  seq: number;
  t: number;
  t0: number;
  t1: number;
  type: "dead_air";
}
/**
 * How fast each party speaks, null until enough was heard. State.
 *
 * Observable behaviour; syllable rates are per second over speaking time with
 * the pauses inside utterances (speech rate).
 */
export interface Pace {
  agent_syl_per_s: number | null;
  agent_wpm: number | null;
  call_id: string;
  customer_syl_per_s: number | null;
  customer_wpm: number | null;
  seq: number;
  t: number;
  type: "pace";
}
/**
 * Recognised words of one utterance. ``final`` false: a partial, to be replaced.
 */
export interface Words {
  call_id: string;
  /**
   * 0..1, exp of the mean token log-probability
   */
  confidence: number;
  final: boolean;
  /**
   * Came too late for a nudge
   */
  late: boolean;
  party: "agent" | "customer";
  seq: number;
  t: number;
  t0: number;
  t1: number;
  text: string;
  type: "words";
  /**
   * Number of the utterance within the call
   */
  utterance: number;
  words: Word[];
}
/**
 * One recognised word. Times are audio time, ``p`` is in 0..1.
 */
export interface Word {
  p: number;
  t0: number;
  t1: number;
  text: string;
}
/**
 * A phrase family heard in the words.
 */
export interface Cue {
  /**
   * meaning: the text is a sentence that means it, in words of no phrase
   */
  by: "phrase" | "meaning";
  call_id: string;
  family: string;
  party: "agent" | "customer";
  seq: number;
  /**
   * likely: in partial words; not told again when the final words have it too, and taken_back, with the same family and t0, when they do not
   */
  status: "heard" | "likely" | "taken_back";
  t: number;
  t0: number;
  t1: number;
  /**
   * The words that matched
   */
  text: string;
  type: "cue";
  /**
   * Log-odds it adds to mood, 0 for agent cues
   */
  weight: number;
}
/**
 * The customer's frustration. There is no such thing for the agent. State.
 */
export interface Mood {
  call_id: string;
  level: "calm" | "watch" | "alert";
  /**
   * At most three, strongest first
   */
  reasons: Evidence[];
  rising: boolean;
  /**
   * 0..8, leaky sum of log-odds; not a probability
   */
  score: number;
  seq: number;
  t: number;
  type: "mood";
  upset_from_start: boolean;
}
/**
 * A number with a time and a reason, readable by the person it is shown to.
 */
export interface Evidence {
  kind: "voice" | "words" | "interaction";
  t: number;
  /**
   * The reason, in words an agent understands at a glance
   */
  text: string;
  /**
   * Unit of value: s, dB, x, llr, count …
   */
  unit: string;
  /**
   * The number behind the reason
   */
  value: number;
}
/**
 * The customer's frustration crossed the alert line.
 */
export interface AlertRaised {
  call_id: string;
  id: string;
  kind: "rising" | "upset_from_start";
  reasons: Evidence[];
  score: number;
  seq: number;
  t: number;
  type: "alert.raised";
}
export interface AlertCleared {
  call_id: string;
  id: string;
  lasted_s: number;
  seq: number;
  t: number;
  type: "alert.cleared";
}
export interface NudgeOpened {
  call_id: string;
  evidence: Evidence[];
  id: string;
  /**
   * File name of the nudge: let_them_vent …
   */
  nudge: string;
  priority: number;
  /**
   * For the agent only: no supervisor sees it
   */
  private: boolean;
  seq: number;
  t: number;
  text: string;
  title: string;
  /**
   * Leaves the screen after so many seconds
   */
  ttl_s: number;
  type: "nudge.opened";
  when: "during" | "after";
  why: string;
}
export interface NudgeClosed {
  call_id: string;
  id: string;
  nudge: string;
  open_s: number;
  outcome: "done" | "expired" | "replaced" | "dismissed" | "retracted" | "call_ended";
  private: boolean;
  seq: number;
  t: number;
  type: "nudge.closed";
  why: string;
}
/**
 * The customer's mood from when a nudge was shown, or would have been, to 60 s later. One
 * is no proof of cause; many, shown against held out at random, are.
 */
export interface NudgeEffect {
  /**
   * Less where the call ended first
   */
  after_s: number;
  arm: "shown" | "held_out" | "not_shown";
  call_id: string;
  followed: boolean;
  /**
   * Of the nudge; empty where none was shown
   */
  id: string;
  mood_after: number;
  mood_before: number;
  nudge: string;
  opportunity: string;
  private: boolean;
  seq: number;
  t: number;
  type: "nudge.effect";
}
/**
 * What a nudge asks for was called for. Recorded whether or not the nudge was shown; sent
 * again with the same ``id`` when it becomes due, and when it is shown or held out after all.
 */
export interface Opportunity {
  call_id: string;
  /**
   * 0..1, of the words around it; null: it does not rest on words
   */
  confidence: number | null;
  /**
   * False: called for, and not late yet
   */
  due: boolean;
  evidence: Evidence[];
  id: string;
  nudge: string;
  private: boolean;
  seq: number;
  /**
   * Id of the nudge that was opened for it
   */
  shown: string;
  t: number;
  title: string;
  type: "opportunity";
  withheld:
    | ""
    | "warm_up"
    | "snoozed"
    | "good_moment"
    | "calm"
    | "cooldown"
    | "budget"
    | "on_screen"
    | "gap"
    | "held_out"
    | "quiet";
}
/**
 * What became of an opportunity; closes it.
 */
export interface Response {
  call_id: string;
  how: Evidence | null;
  /**
   * Of the opportunity
   */
  id: string;
  nudge: string;
  outcome: "given" | "missed" | "retracted" | "call_ended";
  private: boolean;
  /**
   * Given after its nudge had been shown
   */
  prompted: boolean;
  seq: number;
  t: number;
  type: "response";
}
/**
 * The figures of a whole call; emitted just before ``call.ended``.
 */
export interface Report {
  /**
   * null: too few exchanges to ask
   */
  accommodation: Accommodation | null;
  agent: PartyReport;
  call_id: string;
  customer: PartyReport;
  dead_air_count: number;
  dead_air_s: number;
  duration_s: number;
  limits: string[];
  median_fto_s: number | null;
  mood: MoodReport;
  nudges: NudgeReport[];
  overlaps: {
    [k: string]: number;
  };
  /**
   * Both speaking, s
   */
  overtalk_s: number;
  /**
   * Only techniques that were called for
   */
  scorecard: Technique[];
  seq: number;
  t: number;
  /**
   * Per 10 minutes of customer speech
   */
  talk_overs_per_10_min: number;
  type: "report";
}
/**
 * Did the agent follow the customer's pace? Observable behaviour, over a whole call.
 */
export interface Accommodation {
  /**
   * Clearly nearer to the customer's pace in the second half
   */
  closer: boolean;
  /**
   * Agent's rate over the customer's, first half
   */
  early_ratio: number;
  /**
   * Turns with an answer that were long enough to compare
   */
  exchanges: number;
  /**
   * Upper end of its 95 % interval
   */
  high: number;
  /**
   * Agent's rate over the customer's, second half
   */
  late_ratio: number;
  /**
   * Lower end of its 95 % interval
   */
  low: number;
  /**
   * -1..1, correlation of the log speech rates of the customer's turns and of the agent's answers: 1 follows, 0 keeps own pace, below 0 does the opposite
   */
  r: number;
  /**
   * What the interval allows to say
   */
  verdict: "followed" | "kept_own" | "moved_away" | "unclear";
}
export interface PartyReport {
  longest_monologue_s: number;
  /**
   * Median FTO of this party's turns, s
   */
  response_latency_s: number | null;
  syl_per_s: number | null;
  talk_s: number;
  /**
   * Of all speech, 0..1
   */
  talk_share: number;
  turns: number;
  wpm: number | null;
}
export interface MoodReport {
  alert_s: number;
  alerts: number;
  end: number;
  mean: number;
  peak: number;
  peak_t: number;
  upset_from_start: boolean;
  watch_s: number;
}
export interface NudgeReport {
  closed_t: number | null;
  id: string;
  nudge: string;
  outcome: string;
  t: number;
  title: string;
  why: string;
}
/**
 * One line of the scorecard: what was called for and what was given. For learning, the
 * agent's own first; never summed into one number.
 */
export interface Technique {
  /**
   * Cases that rest on recognised words
   */
  by_words: number;
  cases: TechniqueCase[];
  /**
   * 0..1, mean confidence of the words of those
   */
  confidence: number | null;
  /**
   * False: too few cases to say how often it is given
   */
  enough: boolean;
  missed: number;
  needed: number;
  nudge: string;
  /**
   * Given after the nudge
   */
  prompted: number;
  title: string;
  /**
   * Given without a nudge
   */
  unprompted: number;
}
/**
 * One time at which a technique was called for: listen from ``t``.
 */
export interface TechniqueCase {
  /**
   * When it was given
   */
  answered_t: number | null;
  opportunity: string;
  outcome: "unprompted" | "prompted" | "missed" | "call_ended";
  t: number;
  why: string;
}
/**
 * The events from which the one reducer builds the present: all facts and
 * the newest state, in order of seq. First message after a subscription.
 */
export interface Snapshot {
  call_id: string;
  events: (
    | CallStarted
    | CallEnded
    | Gap
    | Degraded
    | Note
    | Levels
    | Floor
    | Turn
    | Overlap
    | DeadAir
    | Pace
    | Words
    | Cue
    | Mood
    | AlertRaised
    | AlertCleared
    | NudgeOpened
    | NudgeClosed
    | NudgeEffect
    | Opportunity
    | Response
    | Report
  )[];
  /**
   * Newest seq it holds; go on from here with since=seq
   */
  seq: number;
  t: number;
  type: "snapshot";
}
/**
 * Every 2 s on every socket. The screens say 'stale' after 5 s without one.
 */
export interface Heartbeat {
  /**
   * How late the event loop runs, s
   */
  lag_s: number;
  live_calls: number;
  type: "heartbeat";
  /**
   * Share of speech-to-text in use, 0 to 1
   */
  words_load: number;
  /**
   * How long the oldest of live calls has
   */
  words_wait_s: number;
  /**
   * Utterances that wait to be written down
   */
  words_waiting: number;
}
/**
 * The subscriber fell behind its facts and is closed; come back with since=seq.
 */
export interface Resync {
  reason: string;
  type: "resync";
}
/**
 * The client's last message could not be used; the socket stays open.
 */
export interface Problem {
  reason: string;
  type: "error";
}
/**
 * First message of a client. Exactly one of ``call_id``, ``agent_id``, ``floor``.
 */
export interface Subscribe {
  /**
   * This agent's current call, whichever
   */
  agent_id?: string | null;
  call_id?: string | null;
  floor?: boolean;
  /**
   * With call_id: only what came after
   */
  since?: number | null;
  type: "subscribe";
}
export interface SendNote {
  call_id: string;
  text: string;
  type: "send_note";
}
export interface DismissNudge {
  call_id: string;
  id: string;
  type: "dismiss_nudge";
}
/**
 * Free and unreported: no nudges on this call for so long.
 */
export interface Snooze {
  call_id: string;
  for_s?: number;
  type: "snooze";
}
