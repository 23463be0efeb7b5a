import { moodLines } from "../me";
import type { MoodPoint } from "../reducer";

const W = 240;
const H = 40;
const SPAN_S = 180;

/** The last three minutes of the customer's mood; the dashed line is the alert line. */
export function Spark({ curve, now }: { curve: readonly MoodPoint[]; now: number }) {
  const from = Math.max(0, now - SPAN_S);
  const first = Math.max(0, curve.findLastIndex((point) => point.t <= from));
  const points = curve.slice(first);
  const last = points.at(-1);
  const x = (t: number) => ((Math.max(t, from) - from) / SPAN_S) * W;
  const y = (score: number) => H - 2 - (Math.min(score, moodLines().most) / moodLines().most) * (H - 4);
  const line = points.map((point) => `${x(point.t).toFixed(1)},${y(point.score).toFixed(1)}`);
  if (last) line.push(`${x(now).toFixed(1)},${y(last.score).toFixed(1)}`);
  const alert = y(moodLines().alert);
  return (
    <svg class="spark" viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="spark-alert" x1="0" x2={W} y1={alert} y2={alert} />
      {line.length > 1 && (
        <>
          <polygon
            class="spark-area"
            points={`${line[0]!.split(",")[0]},${H} ${line.join(" ")} ${x(now).toFixed(1)},${H}`}
          />
          <polyline class="spark-line" points={line.join(" ")} />
        </>
      )}
    </svg>
  );
}
