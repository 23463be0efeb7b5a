import { useEffect, useState } from "preact/hooks";
import { ApiError, api, type Peaks, type Recorded } from "../api";
import { Live } from "../live";
import type { CallEvent, ServerMessage } from "../wire";

/** The store writes what ended within so long. */
const STORED_AFTER_MS = 1500;

/** What is stored of a call; while it is live, the events since as well. */
export function useRecorded(id: string) {
  const [recorded, setRecorded] = useState<Recorded | null>(null);
  const [peaks, setPeaks] = useState<Peaks | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let live: Live | null = null;
    let wanted = true;
    const failed = (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      if (wanted) setProblem(error.message);
    };
    const load = async () => {
      const found = await api.call(id);
      const waves = found.call.has_audio && !found.call.live ? await api.peaks(id) : null;
      if (!wanted) return;
      setRecorded(found);
      setPeaks(waves);
      if (found.call.live) live = follow(found);
    };
    const follow = (found: Recorded) => {
      let { events } = found;
      const following = new Live(
        () => ({ type: "subscribe", call_id: id, since: events.at(-1)?.seq ?? 0 }),
        (messages) => {
          const newest = events.at(-1)?.seq ?? 0;
          const more = messages.flatMap(eventsOf).filter(({ seq }) => seq > newest);
          if (more.length > 0) {
            events = [...events, ...more];
            setRecorded({ ...found, events });
          }
          const over = events.some(({ type }) => type === "call.ended");
          // A call of which the server speaks no longer has ended, too.
          if (over || messages.some(({ type }) => type === "error")) {
            following.close();
            setTimeout(() => wanted && load().catch(failed), STORED_AFTER_MS);
          }
        },
        { batchMs: 500 },
      );
      return following;
    };
    load().catch(failed);
    return () => {
      wanted = false;
      live?.close();
    };
  }, [id]);
  return { recorded, peaks, problem };
}

function eventsOf(message: ServerMessage): CallEvent[] {
  switch (message.type) {
    case "snapshot":
      return message.events;
    case "heartbeat":
    case "resync":
    case "error":
      return [];
    default:
      return [message];
  }
}
