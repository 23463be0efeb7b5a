import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Keeps a scrolling list at its end while the reader is there; one who scrolled up is left
 * alone. `newest` changes when something was added. */
export function useFollow<T extends HTMLElement>(newest: unknown) {
  const list = useRef<T>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const onScroll = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 48;
    };
    // The list also shrinks when something else on the screen needs room.
    const sizes = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    sizes.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, []);
  useLayoutEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [newest]);
  return list;
}
