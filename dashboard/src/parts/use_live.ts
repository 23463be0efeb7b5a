import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Subscribe } from "../events";
import { Live } from "../live";
import { emptyWorld, forget, reduce, type World } from "../reducer";

export interface Watching {
  world: ReadonlySignal<World>;
  live: Live;
  forget: (ids: readonly string[]) => void;
}

/** A world kept up to date by one subscription; it lives as long as the component and `key`. */
export function useLive(
  key: string,
  subscription: (world: World) => Subscribe,
  options: { batchMs?: number; from?: World } = {},
): Watching {
  const watching = useMemo(() => {
    const world = signal(options.from ?? emptyWorld);
    const live = new Live(
      () => subscription(world.peek()),
      (messages) => {
        world.value = messages.reduce(reduce, world.peek());
      },
      options.batchMs === undefined ? {} : { batchMs: options.batchMs },
    );
    return {
      world,
      live,
      forget: (ids: readonly string[]) => {
        world.value = forget(world.peek(), ids);
      },
    };
  }, [key]);
  useEffect(() => () => watching.live.close(), [watching]);
  return watching;
}
