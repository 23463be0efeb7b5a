import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clock } from "../format";
import type { Call } from "../reducer";

/** How far the shown time may run ahead of the newest event, s. */
const AHEAD_S = 10;
const second = signal(0);

/** The length of a call, running on between its events. */
export function Elapsed({ call }: { call: Call }) {
  const newest = useRef({ t: call.t, at: performance.now() });
  if (newest.current.t !== call.t) newest.current = { t: call.t, at: performance.now() };
  useEffect(() => {
    const timer = setInterval(() => {
      second.value = Math.floor(performance.now() / 1000);
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  void second.value; // drawn again each second
  const since = (performance.now() - newest.current.at) / 1000;
  return <>{clock(call.ended ? call.t : call.t + Math.min(since, AHEAD_S))}</>;
}
