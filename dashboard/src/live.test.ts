import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Live } from "./live";
import { event } from "./testing";
import type { ServerMessage } from "./wire";

class Socket {
  sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
    this.onclose?.();
  }

  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const HEARTBEAT: ServerMessage = {
  type: "heartbeat",
  live_calls: 1,
  lag_s: 0,
  words_waiting: 0,
  words_wait_s: 0,
  words_load: 0,
};
let sockets: Socket[];
let delivered: ServerMessage[][];
let seq: number;
let live: Live;
const newest = () => sockets.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  delivered = [];
  seq = 0;
  live = new Live(
    () => ({ type: "subscribe", call_id: "c", ...(seq > 0 ? { since: seq } : {}) }),
    (messages) => {
      delivered.push(messages);
      for (const message of messages) if ("seq" in message) seq = message.seq;
    },
    {
      url: "ws://test/live",
      batchMs: 60,
      jitter: () => 0.5,
      open: () => {
        sockets.push(new Socket());
        return newest() as unknown as WebSocket;
      },
    },
  );
});

afterEach(() => {
  live.close();
  vi.useRealTimers();
});

describe("Live", () => {
  test("subscribes first, then says it is connected", () => {
    expect(live.connected.value).toBe(false);
    newest().onopen!();
    expect(live.connected.value).toBe(true);
    expect(newest().sent).toEqual([{ type: "subscribe", call_id: "c" }]);
  });

  test("delivers what came within one batch together, in order", () => {
    newest().onopen!();
    newest().says(event("note", 1, 1));
    newest().says(event("note", 2, 2));
    expect(delivered).toEqual([]);
    vi.advanceTimersByTime(60);
    expect(delivered.map((batch) => batch.length)).toEqual([2]);
  });

  test("is stale after 5 s of silence, and no longer at the next word", () => {
    newest().onopen!();
    newest().says(HEARTBEAT);
    vi.advanceTimersByTime(4999);
    expect(live.stale.value).toBe(false);
    vi.advanceTimersByTime(1);
    expect(live.stale.value).toBe(true);
    vi.advanceTimersByTime(500);
    newest().onopen!();
    expect(live.stale.value).toBe(true);
    newest().says(HEARTBEAT);
    expect(live.stale.value).toBe(false);
  });

  test("a silent socket is given up and replaced", () => {
    const dead = newest();
    dead.onopen!();
    vi.advanceTimersByTime(5000);
    expect(dead.closed).toBe(true);
    expect(live.connected.value).toBe(false);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
  });

  test("comes back with since, counting what was still waiting to be delivered", () => {
    newest().onopen!();
    newest().says(event("note", 7, 3));
    newest().close();
    expect(delivered.flat()).toHaveLength(1);
    vi.advanceTimersByTime(500);
    newest().onopen!();
    expect(newest().sent).toEqual([{ type: "subscribe", call_id: "c", since: 7 }]);
  });

  test("resync closes the socket and comes back", () => {
    newest().onopen!();
    const first = newest();
    first.says({ type: "resync", reason: "too slow" });
    expect(first.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
  });

  test("waits longer after each failure, and not for ever", () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      newest().close();
      const before = sockets.length;
      let waited = 0;
      while (sockets.length === before) {
        vi.advanceTimersByTime(100);
        waited += 100;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test("sends only over a connection, and says so", () => {
    expect(live.send({ type: "snooze", call_id: "c", for_s: 300 })).toBe(false);
    newest().onopen!();
    expect(live.send({ type: "snooze", call_id: "c", for_s: 300 })).toBe(true);
    expect(newest().sent.at(-1)).toEqual({ type: "snooze", call_id: "c", for_s: 300 });
  });

  test("once closed it stays closed", () => {
    live.close();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });
});
