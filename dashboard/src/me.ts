import { signal } from "@preact/signals";
import { ApiError, api, type Me } from "./api";

/** Who is looking; null until the server has said so. */
export const me = signal<Me | null>(null);
/** Why nobody may look. */
export const refusal = signal<ApiError | null>(null);

/** Ask the server who we are: at the start, and when it has gone quiet, for a link is good
 * for one shift only. */
export async function introduce(): Promise<void> {
  try {
    me.value = await api.me();
    refusal.value = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A server that is away says nothing about whether we may look.
    if (me.peek() === null || error.status === 401) refusal.value = error;
  }
}

/** The bands of the mood, as [mood] in the server's settings says. No screen is drawn before
 * the server has said who we are. */
export function moodLines(): Me["mood_lines"] {
  return me.value!.mood_lines;
}
