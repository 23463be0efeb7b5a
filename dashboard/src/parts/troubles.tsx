import type { Call } from "../reducer";

/** What works less well in this call now, and why. */
export function Troubles({ call }: { call: Call }) {
  return (
    <>
      {Object.values(call.degraded).map((reason) => (
        <p class="notice" key={reason} role="status">
          {reason}
        </p>
      ))}
    </>
  );
}
