import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../api";
import { me } from "../me";
import { go } from "../router";

/** A recording, dropped anywhere on the page or chosen, becomes a call. */
export function Upload() {
  const [agentChannel, setAgentChannel] = useState<0 | 1>(0);
  const [state, setState] = useState<{ busy: boolean; text: string }>({ busy: false, text: "" });
  const [over, setOver] = useState(false);
  const [consent, setConsent] = useState(false);
  const asks = me.value?.consent_required ?? false;

  const send = (file: File | undefined) => {
    if (!file) return;
    if (asks && !consent) {
      setState({ busy: false, text: "Say first that both parties have consented." });
      return;
    }
    setState({ busy: true, text: `Sending ${file.name} …` });
    api.upload(file, agentChannel, asks && consent).then(
      ({ call_id }) => go(`/replay/${encodeURIComponent(call_id)}`),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setState({ busy: false, text: error.message });
      },
    );
  };

  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
      if (event.type === "drop") send(event.dataTransfer.files[0]);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    addEventListener("dragover", drag);
    addEventListener("drop", drag);
    addEventListener("dragleave", leave);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("drop", drag);
      removeEventListener("dragleave", leave);
    };
  }, [agentChannel, asks, consent]);

  return (
    <section class={over ? "upload over" : "upload"} aria-label="Add a recording">
      <p>
        <label class="pick">
          <input
            type="file"
            class="sr"
            accept="audio/*,.wav,.flac,.mp3,.m4a,.ogg"
            disabled={state.busy}
            onChange={(event) => send(event.currentTarget.files?.[0])}
          />
          <span class="button">Choose a recording</span>
        </label>{" "}
        <span class="quiet">or drop one anywhere on this page</span>
      </p>
      <label class="small quiet">
        In a stereo file the agent is on the{" "}
        <select
          value={String(agentChannel)}
          onChange={(event) => setAgentChannel(event.currentTarget.value === "1" ? 1 : 0)}
        >
          <option value="0">left channel</option>
          <option value="1">right channel</option>
        </select>
      </label>
      {asks && (
        <label class="small">
          <input
            type="checkbox"
            checked={consent}
            onChange={(event) => setConsent(event.currentTarget.checked)}
          />{" "}
          Both parties have consented to this
        </label>
      )}
      <p class="small upload-state" role="status">
        {state.text}
      </p>
    </section>
  );
}
