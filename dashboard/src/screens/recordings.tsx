import { useEffect, useState } from "preact/hooks";
import { ApiError, api, type CallSummary } from "../api";
import { clock, peakLevel, when } from "../format";
import { me } from "../me";
import { Bar } from "../parts/bar";
import { Mood } from "../parts/mood";
import { Upload } from "../parts/upload";
import "../styles/replay.css";

const AGAIN_MS = 4000;

/** All calls, newest first. */
export function RecordingsScreen() {
  const [calls, setCalls] = useState<CallSummary[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [find, setFind] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let wanted = true;
    const load = () =>
      api
        .calls()
        .then(
          (found) => {
            setCalls(found);
            setProblem(null);
          },
          (error: unknown) => {
            if (!(error instanceof ApiError)) throw error;
            setProblem(error.message);
          },
        )
        .finally(() => {
          if (wanted) timer = setTimeout(load, AGAIN_MS);
        });
    void load();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, []);
  const supervises = me.value?.role !== "agent";
  const shown = calls
    ?.filter((call) => matches(call, find))
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
  return (
    <div class="recordings">
      <Bar>
        <label class="push">
          <span class="sr">Find a call</span>
          <input
            type="search"
            placeholder="Find a call, an agent, a customer"
            value={find}
            onInput={(event) => setFind(event.currentTarget.value)}
          />
        </label>
      </Bar>
      <main>
        <h1>Calls</h1>
        {supervises && <Upload />}
        {problem && <p class="notice bad">{problem}</p>}
        {shown && shown.length > 0 && <Table calls={shown} />}
        {shown && shown.length === 0 && (
          <p class="message quiet">
            {find ? "No call matches." : "No calls yet."}
          </p>
        )}
      </main>
    </div>
  );
}

function matches(call: CallSummary, find: string): boolean {
  const text = `${call.title} ${call.agent.name} ${call.agent.id} ${call.customer.name} ${call.source}`;
  return text.toLowerCase().includes(find.trim().toLowerCase());
}

function Table({ calls }: { calls: readonly CallSummary[] }) {
  return (
    <div class="card table-box">
      <table>
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">When</th>
            <th scope="col">Agent</th>
            <th scope="col">Customer</th>
            <th scope="col" class="right">Length</th>
            <th scope="col">Highest mood</th>
            <th scope="col" class="right">Talk-overs</th>
            <th scope="col" class="right">Nudges</th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <tr key={call.call_id}>
              <td>
                <a href={`/replay/${encodeURIComponent(call.call_id)}`}>{call.title || `Untitled call (${call.source})`}</a>
                {call.live && <span class="live-tag">Live</span>}
                {!call.has_audio && <span class="small quiet"> · no audio</span>}
              </td>
              <td class="num">{when(call.started_at)}</td>
              <td>{call.agent.name || call.agent.id || "–"}</td>
              <td>{call.customer.name || "–"}</td>
              <td class="num right">{call.duration_s === null ? "–" : clock(call.duration_s)}</td>
              <td>
                <Mood
                  level={peakLevel(call.peak_mood, call.alerts)}
                  measured={call.separated}
                />
              </td>
              <td class="num right">{call.separated ? call.talk_overs : "–"}</td>
              <td class="num right">{call.nudges}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
