import type { Technique, TechniqueCase } from "../events";
import { clock, percent } from "../format";
import { me } from "../me";
import "../styles/scorecard.css";

/** Shape and word for each outcome; never colour alone. */
const OUTCOME: Record<TechniqueCase["outcome"], { mark: string; said: string }> = {
  unprompted: { mark: "✓", said: "Given without a nudge" },
  prompted: { mark: "✓", said: "Given after the nudge" },
  missed: { mark: "–", said: "Missed" },
  call_ended: { mark: "…", said: "The call ended first" },
};

/** What was called for in a call and what was given, a line for each technique and never a sum.
 * A click on a case hears it: `play` from a second, or `href` of where it can be heard. */
export function Scorecard(props: {
  lines: readonly Technique[];
  play?: (t: number) => void;
  href?: (t: number) => string;
}) {
  const { lines } = props;
  return (
    <div class="scorecard">
      <ul>
        {lines.map((line) => (
          <li key={line.nudge}>
            <p>
              <strong>{line.title}</strong>{" "}
              <span class="small quiet">
                {given(line)}
                {line.enough ? "" : " · too few to say"}
              </span>
            </p>
            <p class="cases">
              {line.cases.map((one) => (
                <Case key={one.opportunity} one={one} {...props} />
              ))}
            </p>
          </li>
        ))}
      </ul>
      <p class="small quiet key" aria-hidden="true">
        <span><i class="case unprompted">✓</i> {me.value?.role === "agent" ? "by yourself" : "by themselves"}</span>
        <span><i class="case prompted">✓</i> after the nudge</span>
        <span><i class="case missed">–</i> missed</span>
        <span><i class="case call_ended">…</i> call ended first</span>
      </p>
      <p class="small quiet">{sure(lines)}</p>
    </div>
  );
}

function Case(props: {
  one: TechniqueCase;
  play?: (t: number) => void;
  href?: (t: number) => string;
}) {
  const { one, play, href } = props;
  const { mark, said } = OUTCOME[one.outcome];
  const title = `${clock(one.t)} ${said}${one.why ? `: ${one.why}` : ""}`;
  const shown = { class: `case ${one.outcome}`, title, "aria-label": `Play from ${title}` };
  if (href) {
    return (
      <a {...shown} href={href(one.t)} target="_blank" rel="noreferrer">
        {mark}
      </a>
    );
  }
  return (
    <button type="button" {...shown} onClick={() => play?.(one.t)}>
      {mark}
    </button>
  );
}

function given(line: Technique): string {
  return `${line.unprompted + line.prompted} of ${line.needed}`;
}

/** What these counts rest on. */
function sure(lines: readonly Technique[]): string {
  const by = lines.reduce((sum, line) => sum + line.by_words, 0);
  const all = lines.reduce((sum, line) => sum + line.needed, 0);
  if (by === 0) return "None of it rests on recognised words.";
  const of = lines.reduce((sum, line) => sum + line.by_words * (line.confidence ?? 0), 0);
  return `${by} of ${all} rest on recognised words, which are ${percent(of / by)} sure.`;
}
