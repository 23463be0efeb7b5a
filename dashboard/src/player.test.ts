import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Player } from "./player";

/** A recording whose clock the test moves. */
class Recording {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  onplay: (() => void) | null = null;
  onpause: (() => void) | null = null;
  async play(): Promise<void> {
    this.paused = false;
    this.onplay?.();
  }
  pause(): void {
    this.paused = true;
    this.onpause?.();
  }
}

let frame: (() => void) | null = null;

/** The clock of the recording says `t`, and the screen is drawn. */
function draw(player: Player, t: number): number {
  player.audio!.currentTime = t;
  const due = frame;
  frame = null;
  due?.();
  return player.t.peek();
}

async function playing(): Promise<Player> {
  const player = new Player(() => 60);
  player.hear("call.wav");
  await player.toggle();
  return player;
}

beforeEach(() => {
  vi.stubGlobal("Audio", Recording);
  vi.stubGlobal("requestAnimationFrame", (step: () => void) => {
    frame = step;
    return 1;
  });
  vi.stubGlobal("cancelAnimationFrame", () => {
    frame = null;
  });
});
afterEach(() => vi.unstubAllGlobals());

test("the playhead follows the recording", async () => {
  const player = await playing();
  expect([1, 1.5, 9].map((t) => draw(player, t))).toEqual([1, 1.5, 9]);
});

test("a clock that is set right while it plays moves no word back", async () => {
  const player = await playing();
  expect([5, 5.4, 5.1, 5.3, 5.5].map((t) => draw(player, t))).toEqual([5, 5.4, 5.4, 5.4, 5.5]);
});

test("nor does a pause", async () => {
  const player = await playing();
  draw(player, 5.4);
  player.audio!.currentTime = 5.2;
  player.audio!.pause();
  expect(player.t.peek()).toBe(5.4);
  expect(player.playing.peek()).toBe(false);
});

test("a seek goes anywhere, also a little back", async () => {
  const player = await playing();
  draw(player, 5.4);
  player.seek(5.2);
  expect(player.t.peek()).toBe(5.2);
  expect(draw(player, 5.25)).toBe(5.25);
});

test("a recording that jumps far back takes the playhead along", async () => {
  const player = await playing();
  draw(player, 30);
  expect(draw(player, 2)).toBe(2);
});
