import type { Live } from "../live";

/** Is what you see the present? */
export function Link({ live }: { live: Live }) {
  const stale = live.stale.value || !live.connected.value;
  const text = live.stale.value ? "Stale" : live.connected.value ? "Live" : "Connecting";
  return (
    <span class={stale ? "link stale" : "link"} role="status">
      <i aria-hidden="true" />
      {text}
    </span>
  );
}
