import { memo } from "preact/compat";
import { about, agentName } from "../format";
import { type Call, level, openNudge, reasons, separated, speaking, talkOvers } from "../reducer";
import { Elapsed } from "./elapsed";
import { Mood } from "./mood";
import { Spark } from "./spark";

/** One live call on the floor. Drawn again only when its call has changed. */
export const Card = memo(function Card(props: {
  call: Call;
  open: boolean;
  /** Calm cards show less: there are many. */
  dense: boolean;
  onOpen: (id: string) => void;
}) {
  const { call } = props;
  const now = level(call);
  const nudge = openNudge(call);
  const over = talkOvers(call);
  const brief = props.dense && now === "calm";
  const troubles = Object.values(call.degraded);
  return (
    <li class={`card call-card ${now} ${call.ended ? "ended" : ""} ${props.open ? "open" : ""} ${brief ? "brief" : ""}`}>
      <div class="row spread">
        {call.ended ? (
          <span class="small quiet">Ended</span>
        ) : (
          <Mood level={now} rising={call.mood?.rising ?? false} measured={separated(call)} />
        )}
        <span class="num small quiet"><Elapsed call={call} /></span>
      </div>
      <h2>
        <button type="button" class="cover" onClick={() => props.onOpen(call.id)}>
          {agentName(call)}
        </button>
      </h2>
      <p class="row spread small quiet">
        <span class="one-line">{about(call)}</span>
        {over > 0 && (
          <span class="num">
            {over} talk-over{over > 1 && "s"}
          </span>
        )}
      </p>
      {!brief && (
        <>
          <p class="why">
            {now === "calm" ? <span class="quiet">Nothing stands out</span> : whyHot(call)}
          </p>
          <Spark curve={call.moodCurve} now={call.t} />
        </>
      )}
      {troubles.length > 0 && !call.ended && <p class="notice one-line">{troubles.join(" · ")}</p>}
      <p class="row small foot">
        <Holder call={call} />
        {nudge && (
          <span class="chip one-line">
            <span class="sr">Nudge: </span>
            {nudge.title}
          </span>
        )}
      </p>
    </li>
  );
});

/** The strongest reason now, or else that of the alert. */
function whyHot(call: Call): string {
  return reasons(call)[0]?.text ?? call.alerts.at(-1)?.raised.reasons[0]?.text ?? "";
}

function Holder({ call }: { call: Call }) {
  const holder = call.ended ? "nobody" : speaking(call);
  const text = { agent: "Agent speaks", customer: "Customer speaks", both: "Both speak", nobody: "Silence" };
  if (holder !== "nobody" && !separated(call)) return <span class="holder">Speech</span>;
  return <span class={`holder ${holder}`}>{text[holder]}</span>;
}
