import type { ComponentChildren } from "preact";
import { me } from "../me";
import { path } from "../router";

export function Bar({ children }: { children?: ComponentChildren }) {
  const supervises = me.value !== null && me.value.role !== "agent";
  return (
    <header class="bar">
      <span class="brand">
        <img src="/icon.svg" alt="" width="24" height="24" />
        Call monitor
      </span>
      <nav aria-label="Screens">
        {supervises ? (
          <Tab to="/floor" name="Floor" />
        ) : (
          <Tab to="/agent" name="Now" />
        )}
        <Tab to="/replay" name="Replay" />
      </nav>
      {children}
    </header>
  );
}

function Tab({ to, name }: { to: string; name: string }) {
  const here = path.value === to || path.value.startsWith(`${to}/`);
  return (
    <a href={to} aria-current={here ? "page" : undefined}>
      {name}
    </a>
  );
}
