import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Subscribe } from "../events";
import { Live } from "../live";
import { introduce } from "../me";
import { emptyWorld, forget, reduce, type World } from "../reducer";
import type { ServerMessage } from "../wire";

/** After a reconnect, a call the server has not spoken of for so long is over. */
const CONFIRM_MS = 4000;

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
  const [watching, close] = useMemo(() => {
    const world = signal(options.from ?? emptyWorld);
    const unconfirmed = new Set<string>();
    let confirm: ReturnType<typeof setTimeout> | undefined;
    const drop = (ids: readonly string[]) => {
      world.value = forget(world.peek(), ids);
    };
    const live = new Live(
      () => subscription(world.peek()),
      (messages: readonly ServerMessage[]) => {
        for (const message of messages) if ("call_id" in message) unconfirmed.delete(message.call_id);
        world.value = messages.reduce(reduce, world.peek());
      },
      {
        ...(options.batchMs === undefined ? {} : { batchMs: options.batchMs }),
        // A snapshot speaks of live calls only: one that ended while we were away is told
        // by silence.
        onConnect: () => {
          if (subscription(world.peek()).call_id != null) return;
          for (const id of Object.keys(world.peek().calls)) unconfirmed.add(id);
          clearTimeout(confirm);
          confirm = setTimeout(() => drop([...unconfirmed]), CONFIRM_MS);
        },
      },
    );
    const unwatch = live.stale.subscribe((stale) => {
      if (stale) void introduce();
    });
    const close = () => {
      unwatch();
      clearTimeout(confirm);
      live.close();
    };
    return [{ world, live, forget: drop }, close] as const;
  }, [key]);
  useEffect(() => close, [close]);
  return watching;
}
