import { useEffect, useRef } from "preact/hooks";
import WaveSurfer from "wavesurfer.js";
import type { Peaks } from "../api";

/** A wave form per party, agent above customer, from the stored peaks: no audio is decoded. */
export function Waves(props: {
  peaks: Peaks;
  duration: number;
  audio: HTMLAudioElement;
  height: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const container = box.current!;
    let waves: WaveSurfer | null = null;
    const build = () => {
      waves?.destroy();
      const style = getComputedStyle(container);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      const row = (party: "agent" | "customer") => ({
        waveColor: colour(`--${party}-wave`),
        progressColor: colour(`--${party}`),
        height: props.height,
      });
      waves = WaveSurfer.create({
        container,
        media: props.audio,
        peaks: [props.peaks.agent, props.peaks.customer],
        duration: props.duration,
        splitChannels: [row("agent"), row("customer")],
        normalize: true,
        interact: false, // the time line owns clicks
        cursorWidth: 0,
        hideScrollbar: true,
        autoScroll: false,
      });
    };
    build();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", build);
    return () => {
      scheme.removeEventListener("change", build);
      waves?.destroy();
    };
  }, [props.peaks, props.duration, props.audio, props.height]);
  return <div ref={box} class="waves" aria-hidden="true" />;
}
