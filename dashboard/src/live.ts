/**
 * The live websocket: subscribe, deliver in batches, notice silence, come back.
 *
 * The server says something at least every 2 s; after 5 s without a word the screen is stale.
 * Facts are never lost: a call is resumed with since=seq, everything else with a snapshot.
 */
import { type Signal, signal } from "@preact/signals";
import type { Subscribe } from "./events";
import type { ClientMessage, ServerMessage } from "./wire";

const STALE_AFTER_MS = 5000;
const BACKOFF_MS = { first: 500, most: 8000 };

export interface LiveOptions {
  url?: string;
  /** Messages wait so long to be delivered together: fewer renders, same content. */
  batchMs?: number;
  open?: (url: string) => WebSocket;
  /** Each time a connection is there, before anything is received on it. */
  onConnect?: () => void;
  /** 0..1, spreads the reconnects of many screens. */
  jitter?: () => number;
}

export class Live {
  readonly connected: Signal<boolean> = signal(false);
  readonly stale: Signal<boolean> = signal(false);
  #socket: WebSocket | null = null;
  #waiting: ServerMessage[] = [];
  #batch: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #backoffMs = BACKOFF_MS.first;
  #closed = false;

  /** `subscription` is asked anew on each connect, so that it can name the newest seq. */
  constructor(
    private readonly subscription: () => Subscribe,
    private readonly deliver: (messages: ServerMessage[]) => void,
    private readonly options: LiveOptions = {},
  ) {
    this.#arm();
    this.#connect();
  }

  /** False when there is no connection to send it on. */
  send(message: ClientMessage): boolean {
    if (!this.connected.value || !this.#socket) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#batch, this.#retry, this.#watch]) clearTimeout(timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect(): void {
    const open = this.options.open ?? ((url: string) => new WebSocket(url));
    const socket = open(this.options.url ?? liveUrl());
    this.#socket = socket;
    socket.onopen = () => {
      this.connected.value = true;
      this.#arm();
      this.options.onConnect?.();
      socket.send(JSON.stringify(this.subscription()));
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#backoffMs = BACKOFF_MS.first;
      this.#heard();
      this.#receive(JSON.parse(String(data)) as ServerMessage);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #receive(message: ServerMessage): void {
    this.#waiting.push(message);
    this.#batch ??= setTimeout(() => this.#flush(), this.options.batchMs ?? 60);
    if (message.type === "resync") this.#socket?.close();
  }

  #flush(): void {
    clearTimeout(this.#batch);
    this.#batch = undefined;
    const messages = this.#waiting;
    this.#waiting = [];
    if (messages.length > 0) this.deliver(messages);
  }

  #lost(): void {
    this.connected.value = false;
    this.#socket = null;
    if (this.#closed) return;
    this.#flush(); // the next subscription must name the newest seq we have
    const jitter = 0.5 + (this.options.jitter ?? Math.random)();
    this.#retry = setTimeout(() => this.#connect(), this.#backoffMs * jitter);
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS.most);
  }

  #heard(): void {
    this.stale.value = false;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.stale.value = true;
      // A socket that is silent for so long is dead, whatever the network stack believes.
      if (this.connected.value) {
        const dead = this.#socket;
        this.#lost();
        dead?.close();
      }
    }, STALE_AFTER_MS);
  }
}

function liveUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`;
}
