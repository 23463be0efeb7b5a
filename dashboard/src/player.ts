/** The playhead. It follows the recording, or a plain clock when there is no recording. */
import { type Signal, signal } from "@preact/signals";

/** A recording's clock runs ahead of what is heard and is set right at its start and at a pause:
 * up to so far back the playhead waits for it. Whoever seeks moves the playhead itself. */
const STEP_BACK_S = 1;

export class Player {
  /** Audio time at the playhead, s. */
  readonly t: Signal<number> = signal(0);
  readonly playing: Signal<boolean> = signal(false);
  readonly rate: Signal<number> = signal(1);
  readonly problem: Signal<string | null> = signal(null);
  /** The recording, once there is one. */
  audio: HTMLAudioElement | null = null;
  #frame = 0;
  #clock = { since: 0, from: 0 };

  constructor(private readonly duration: () => number) {}

  /** From now on the recording at `url` is what plays; the playhead stays where it is. */
  hear(url: string): void {
    if (this.audio) return;
    if (this.playing.peek()) this.#rest();
    this.audio = new Audio(url);
    this.audio.preload = "auto";
    this.audio.playbackRate = this.rate.peek();
    if (this.t.peek() > 0) this.audio.currentTime = this.t.peek();
    this.audio.onplay = () => this.#run();
    this.audio.onpause = () => this.#rest();
    this.audio.onerror = () => {
      this.problem.value = "The recording cannot be played; the time line still works.";
    };
  }

  seek(t: number): void {
    const to = Math.min(Math.max(t, 0), this.duration());
    this.t.value = to;
    this.#clock = { since: performance.now(), from: to };
    if (this.audio) this.audio.currentTime = to;
  }

  /** Hear it from second `t` on. */
  async playFrom(t: number): Promise<void> {
    this.seek(t);
    if (!this.playing.peek()) await this.toggle();
  }

  setRate(rate: number): void {
    this.rate.value = rate;
    this.#clock = { since: performance.now(), from: this.t.peek() };
    if (this.audio) this.audio.playbackRate = rate;
  }

  async toggle(): Promise<void> {
    if (!this.audio) {
      if (this.playing.peek()) this.#rest();
      else {
        if (this.t.peek() >= this.duration()) this.t.value = 0;
        this.#clock = { since: performance.now(), from: this.t.peek() };
        this.#run();
      }
    } else if (this.audio.paused) {
      await this.audio.play().catch((error: DOMException) => {
        if (error.name !== "AbortError") {
          this.problem.value = `The recording cannot be played: ${error.message}`;
        }
      });
    } else {
      this.audio.pause();
    }
  }

  close(): void {
    this.#rest();
    if (this.audio) {
      this.audio.onpause = null;
      this.audio.pause();
      this.audio.removeAttribute("src");
    }
  }

  #run(): void {
    this.playing.value = true;
    const step = () => {
      if (this.audio) this.#follow(this.audio.currentTime);
      else this.t.value = this.#clockTime();
      if (!this.audio && this.t.peek() >= this.duration()) this.#rest();
      else if (this.playing.peek()) this.#frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(step);
  }

  #rest(): void {
    cancelAnimationFrame(this.#frame);
    this.playing.value = false;
    if (this.audio) this.#follow(this.audio.currentTime);
  }

  #follow(t: number): void {
    const back = this.t.peek() - t;
    if (back <= 0 || back > STEP_BACK_S) this.t.value = t;
  }

  #clockTime(): number {
    const passed = ((performance.now() - this.#clock.since) / 1000) * this.rate.peek();
    return Math.min(this.#clock.from + passed, this.duration());
  }
}
