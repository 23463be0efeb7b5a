import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The content width of an element, px, as it changes. */
export function useWidth<T extends HTMLElement>() {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const sizes = new ResizeObserver(() => setWidth(element.current!.clientWidth));
    sizes.observe(element.current!);
    setWidth(element.current!.clientWidth);
    return () => sizes.disconnect();
  }, []);
  return [element, width] as const;
}
