/**
 * The past, at any second: folds the stored events up to the playhead.
 *
 * Folding from the start on each frame would be quadratic over a call. The reducer never
 * changes a state, so states on the way are kept and a jump resumes from the nearest one.
 */
import { type Call, emptyCall, reduceCall } from "./reducer";
import type { CallEvent } from "./wire";

const KEEP_EVERY = 256;

export class Fold {
  readonly #events: readonly CallEvent[];
  /** Audio time by which event i had happened; never falls. */
  readonly #times: Float64Array;
  /** #kept[k]: the call after the first k * KEEP_EVERY events. */
  readonly #kept: Call[];
  #last: { count: number; call: Call };

  constructor(id: string, events: readonly CallEvent[]) {
    this.#events = [...events].sort((a, b) => a.seq - b.seq);
    this.#times = new Float64Array(events.length);
    let newest = 0;
    for (const [i, event] of this.#events.entries()) {
      newest = Math.max(newest, event.t);
      this.#times[i] = newest;
    }
    this.#kept = [emptyCall(id)];
    this.#last = { count: 0, call: this.#kept[0]! };
  }

  /** The call as it stood at audio time `t`, s. The same object while nothing happened. */
  at(t: number): Call {
    return this.#after(this.#countUntil(t));
  }

  /** The call as it stands after its last event. */
  get end(): Call {
    return this.#after(this.#events.length);
  }

  #countUntil(t: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #after(count: number): Call {
    if (count === this.#last.count) return this.#last.call;
    const k = Math.min(Math.floor(count / KEEP_EVERY), this.#kept.length - 1);
    let from = k * KEEP_EVERY;
    let call = this.#kept[k]!;
    if (this.#last.count > from && this.#last.count < count) {
      from = this.#last.count;
      call = this.#last.call;
    }
    for (let i = from; i < count; i += 1) {
      call = reduceCall(call, this.#events[i]!);
      if ((i + 1) % KEEP_EVERY === 0) this.#kept[(i + 1) / KEEP_EVERY] ??= call;
    }
    this.#last = { count, call };
    return call;
  }
}
