/** Numbers as people read them. */
import type { Accommodation } from "./events";
import { moodLines } from "./me";
import { type Call, separated } from "./reducer";
import type { Level, Party } from "./wire";

/** 75.4 -> "1:15", 3675 -> "1:01:15". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return minutes < 60
    ? `${minutes}:${two(s % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

export function seconds(value: number | null | undefined, digits = 1): string {
  return value == null ? "–" : `${value.toFixed(digits)} s`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function when(iso: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return `Today ${time}`;
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", ...year })}, ${time}`;
}

/** "let_them_vent" -> "Let them vent". */
export function words(id: string): string {
  const text = id.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const LEVEL_WORD: Record<Level, string> = { calm: "Calm", watch: "Watch", alert: "Alert" };

/** Band of a finished call. */
export function peakLevel(peak: number, alerts: number): Level {
  if (alerts > 0) return "alert";
  return peak >= moodLines().watch ? "watch" : "calm";
}

export function customerName(call: Call): string {
  return call.started?.customer.name || "Customer";
}

/** What tells this call from the agent's others, in a few words. */
export function about(call: Call): string {
  const name = call.started?.customer.name;
  return name ? `with ${name}` : (call.started?.title ?? "");
}

/** Who said a line. Where both share a channel, nobody can tell. */
export function speakerName(
  call: Call,
  party: Party,
  names: { agent: string; customer: string },
): string {
  return separated(call) ? names[party] : "Agent or customer";
}

/** Who wrote a private note. */
export function author(by: string): string {
  return !by || by === "supervisor" ? "Supervisor" : by;
}

export function agentName(call: Call): string {
  return call.started?.agent.name || call.started?.agent.id || "Agent";
}

const FOLLOWING: Record<Accommodation["verdict"], string> = {
  followed: "Followed",
  kept_own: "Kept own pace",
  moved_away: "Moved away",
  unclear: "Cannot tell",
};

/** Did the agent follow the customer's pace, in words. */
export function following(of: Accommodation | null | undefined): string {
  if (!of) return "Cannot tell";
  return of.closer ? `${FOLLOWING[of.verdict]}, came closer` : FOLLOWING[of.verdict];
}

/** What that is said from. */
export function followingFrom(of: Accommodation | null | undefined): string {
  return of ? `from ${of.exchanges} exchanges` : "too few exchanges";
}
