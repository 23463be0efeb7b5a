import { render } from "preact";
import { useEffect } from "preact/hooks";
import type { ApiError } from "./api";
import { introduce, me, refusal } from "./me";
import { go, listen, path } from "./router";
import { AgentScreen } from "./screens/agent";
import { FloorScreen } from "./screens/floor";
import { RecordingsScreen } from "./screens/recordings";
import { ReplayScreen } from "./screens/replay";
import "./styles/tokens.css";
import "./styles/base.css";
import "uplot/dist/uPlot.min.css";

const TITLES: Record<string, string> = { agent: "Now", floor: "Floor", replay: "Replay" };

function App() {
  useEffect(() => void introduce(), []);
  const [, screen = "", id] = path.value.split("/");
  useEffect(() => {
    document.title = `${TITLES[screen] ?? "Home"} · Call monitor`;
  }, [screen]);

  if (refusal.value) return <NoEntry failure={refusal.value} />;
  if (!me.value) return null;
  switch (screen) {
    case "agent":
      return <AgentScreen me={me.value} />;
    case "floor":
      return <FloorScreen />;
    case "replay":
      return id ? <ReplayScreen key={id} id={decodeURIComponent(id)} /> : <RecordingsScreen />;
    default:
      return <Home />;
  }
}

function Home() {
  useEffect(() => go(me.value?.role === "agent" ? "/agent" : "/floor"), []);
  return null;
}

function NoEntry({ failure }: { failure: ApiError }) {
  const shut = failure.status === 401 || failure.status === 403;
  return (
    <main class="message">
      <h1>{shut ? "Please sign in" : "No answer"}</h1>
      <p class="quiet">
        {shut
          ? "Open the link that the monitor printed when it started, or ask for a new one: a link is good for one shift."
          : failure.message}
      </p>
    </main>
  );
}

listen();
render(<App />, document.getElementById("app")!);
