import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { moodLines } from "../me";
import type { MoodPoint } from "../reducer";

/**
 * The mood curve over the whole call. `bare` leaves out the axes, so that second t stands at
 * exactly t / duration of the width, under the other lanes of a time line.
 */
export function Curve(props: {
  curve: readonly MoodPoint[];
  duration: number;
  height: number;
  bare?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = box.current!;
    const build = () => {
      plot.current?.destroy();
      plot.current = create(element, latest.current);
    };
    build();
    const sizes = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    sizes.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", build);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener("change", build);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current), false);
    plot.current?.setScale("x", { min: 0, max: Math.max(props.duration, 1) });
  }, [props.curve, props.duration]);

  const peak = props.curve.reduce((most, point) => Math.max(most, point.score), 0);
  return (
    <div
      class="curve"
      ref={box}
      style={{ height: `${props.height}px` }}
      role="img"
      aria-label={`Customer mood over the call, highest ${peak.toFixed(1)} of ${moodLines().most}; alert line at ${moodLines().alert}`}
    />
  );
}

function dataOf({ curve, duration }: { curve: readonly MoodPoint[]; duration: number }) {
  const last = curve.at(-1);
  const t = curve.map((point) => point.t);
  const score = curve.map((point) => point.score);
  if (last && duration > last.t) {
    t.push(duration);
    score.push(last.score);
  }
  return [t, score] as uPlot.AlignedData;
}

function create(
  element: HTMLElement,
  props: { curve: readonly MoodPoint[]; duration: number; height: number; bare?: boolean },
): uPlot {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-2"),
    grid: { show: false },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const bands = [
    { name: "Calm", from: 0, to: moodLines().watch, fill: colour("--calm-soft") },
    { name: "Watch", from: moodLines().watch, to: moodLines().alert, fill: colour("--watch-soft") },
    { name: "Alert", from: moodLines().alert, to: moodLines().most, fill: colour("--alert-soft") },
  ];
  return new uPlot(
    {
      width: element.clientWidth,
      height: props.height,
      padding: props.bare ? [0, 0, 0, 0] : [4, 16, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [min, max] },
        y: { range: [0, moodLines().most] },
      },
      axes: props.bare
        ? [{ show: false }, { show: false }]
        : [
            {
              ...axis,
              size: 22,
              values: (_, ticks) =>
                ticks.map((t) => `${Math.floor(t / 60)}:${String(Math.round(t % 60)).padStart(2, "0")}`),
            },
            {
              ...axis,
              size: 46,
              splits: () => {
                const { watch, alert, most } = moodLines();
                return [watch / 2, (watch + alert) / 2, (alert + most) / 2];
              },
              values: () => ["Calm", "Watch", "Alert"],
            },
          ],
      series: [
        {},
        { stroke: colour("--ink"), width: 1.75, points: { show: false } },
      ],
      hooks: {
        drawClear: [
          (plot) => {
            const { left, width } = plot.bbox;
            for (const band of bands) {
              const top = plot.valToPos(band.to, "y", true);
              const height = plot.valToPos(band.from, "y", true) - top;
              plot.ctx.fillStyle = band.fill;
              plot.ctx.fillRect(left, top, width, height);
              if (!props.bare) continue;
              plot.ctx.fillStyle = axis.stroke;
              plot.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
              plot.ctx.textBaseline = "middle";
              plot.ctx.fillText(band.name, left + 6 * devicePixelRatio, top + height / 2);
            }
          },
        ],
      },
    },
    dataOf(props),
    element,
  );
}
