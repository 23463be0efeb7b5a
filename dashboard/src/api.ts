/** The REST interface: same origin, cookie. Every failure is an ApiError with a sentence. */
import type { Person } from "./events";
import type { CallEvent } from "./wire";

export interface Me {
  role: "agent" | "supervisor" | "admin";
  name: string;
  agent: Person | null;
  /** Where the bands of the mood lie, by the settings. */
  mood_lines: { watch: number; alert: number; most: number };
  consent_required: boolean;
}

export interface CallSummary {
  call_id: string;
  started_at: string;
  title: string;
  source: string;
  agent: Person;
  customer: Person;
  duration_s: number | null;
  live: boolean;
  ended_reason: string | null;
  peak_mood: number;
  alerts: number;
  nudges: number;
  talk_overs: number;
  has_audio: boolean;
  separated: boolean;
}

export interface Recorded {
  call: CallSummary;
  events: CallEvent[];
}

export interface Peaks {
  per_s: number;
  agent: number[];
  customer: number[];
}

export interface Access {
  at: string;
  by: string;
  role: Me["role"];
  /** words, audio, live, deleted … */
  what: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/api${path}`, { credentials: "same-origin", ...init }).catch(() => {
    throw new ApiError(0, "The monitor cannot be reached.");
  });
  if (!response.ok) throw new ApiError(response.status, await complaint(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function complaint(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === "string") return detail;
  } catch {
    // not JSON: a proxy's page says less than the status does
  }
  return `The monitor answered ${response.status} ${response.statusText}`.trim();
}

export const api = {
  me: () => ask<Me>("/me"),
  calls: (limit = 500) => ask<CallSummary[]>(`/calls?limit=${limit}`),
  call: (id: string) => ask<Recorded>(`/calls/${encodeURIComponent(id)}`),
  peaks: (id: string, perS = 20) =>
    ask<Peaks>(`/calls/${encodeURIComponent(id)}/peaks?per_s=${perS}`),
  access: (id: string) => ask<Access[]>(`/calls/${encodeURIComponent(id)}/access`),
  remove: (id: string) => ask<void>(`/calls/${encodeURIComponent(id)}`, { method: "DELETE" }),
  audioUrl: (id: string) => `/api/calls/${encodeURIComponent(id)}/audio`,
  upload(file: File, agentChannel: 0 | 1, consent: boolean): Promise<{ call_id: string }> {
    const body = new FormData();
    body.append("file", file);
    body.append("agent_channel", String(agentChannel));
    if (consent) body.append("consent", "true");
    return ask("/recordings", { method: "POST", body });
  },
};
