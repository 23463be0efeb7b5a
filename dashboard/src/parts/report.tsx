import type { ComponentChildren } from "preact";
import type { Report } from "../events";
import { clock, following, followingFrom, percent, seconds } from "../format";
import { me, moodLines } from "../me";

/** The figures of a whole call. */
export function ReportTable(props: { report: Report; separated: boolean }) {
  const { report } = props;
  if (!props.separated) return <Together report={report} />;
  const { agent, customer, mood } = report;
  const supervises = me.value?.role !== "agent";
  const pace = (wpm: number | null) => (wpm === null ? "–" : `${Math.round(wpm)} words/min`);
  return (
    <div class="report">
      <div class="share" role="img" aria-label={`Agent spoke ${percent(agent.talk_share)} of the time, customer ${percent(customer.talk_share)}`}>
        <span class="agent" style={{ flexGrow: agent.talk_share }}>
          Agent {percent(agent.talk_share)}
        </span>
        <span class="customer" style={{ flexGrow: customer.talk_share }}>
          Customer {percent(customer.talk_share)}
        </span>
      </div>
      <dl>
        <Figure name="Talk-overs" more="per 10 min of customer speech">
          {report.talk_overs_per_10_min.toFixed(1)}
        </Figure>
        <Figure name="Both speaking">{seconds(report.overtalk_s)}</Figure>
        <Figure name="Agent answers after" more="median">
          {seconds(agent.response_latency_s, 2)}
        </Figure>
        <Figure name="Dead air" more={`${report.dead_air_count} ×`}>
          {seconds(report.dead_air_s)}
        </Figure>
        <Figure name="Longest monologue" more="agent">
          {seconds(agent.longest_monologue_s)}
        </Figure>
        <Figure name="Longest monologue" more="customer">
          {seconds(customer.longest_monologue_s)}
        </Figure>
        <Figure name="Pace" more="agent">
          {pace(agent.wpm)}
        </Figure>
        {supervises && (
          <Figure name="Pace" more="customer">
            {pace(customer.wpm)}
          </Figure>
        )}
        <Figure name="Agent with customer's pace" more={followingFrom(report.accommodation)}>
          {following(report.accommodation)}
        </Figure>
        <Figure name="Customer mood, highest" more={`at ${clock(mood.peak_t)}`}>
          {mood.peak.toFixed(1)} <small class="quiet">of {moodLines().most}</small>
        </Figure>
        <Figure name="On alert">{seconds(mood.alert_s, 0)}</Figure>
      </dl>
    </div>
  );
}

/** Both parties on one channel: only what stands for both of them. */
function Together({ report }: { report: Report }) {
  return (
    <dl class="report">
      <Figure name="Speech" more="both parties">
        {seconds(report.customer.talk_s, 0)}
      </Figure>
      <Figure name="Dead air" more={`${report.dead_air_count} ×`}>
        {seconds(report.dead_air_s)}
      </Figure>
    </dl>
  );
}

function Figure(props: { name: string; more?: string; children: ComponentChildren }) {
  return (
    <div>
      <dt class="small quiet">
        {props.name}
        {props.more && <span> · {props.more}</span>}
      </dt>
      <dd class="num">{props.children}</dd>
    </div>
  );
}
