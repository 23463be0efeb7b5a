/** The messages of the live websocket, sorted by direction. The models are in events.ts. */
import type { DismissNudge, Evidence, Message, Mood, SendNote, Snapshot, Snooze, Subscribe } from "./events";

export type ClientMessage = Subscribe | SendNote | DismissNudge | Snooze;
export type ServerMessage = Exclude<Message, ClientMessage>;
/** What happened in a call: everything with a seq, except the snapshot that carries others. */
export type CallEvent = Exclude<Extract<ServerMessage, { seq: number }>, Snapshot>;
export type EventOf<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

export type Party = "agent" | "customer";
export type Level = Mood["level"];
export type Reason = Evidence;
