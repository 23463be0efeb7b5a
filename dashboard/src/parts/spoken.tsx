import { useSignalEffect } from "@preact/signals";
import { memo } from "preact/compat";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Words } from "../events";
import { clock, speakerName } from "../format";
import type { Player } from "../player";
import { type Call, separated } from "../reducer";

/** After the reader scrolled, the text stays put for so long. */
const READER_HOLDS_MS = 4000;

interface Piece {
  t0: number;
  t1: number;
  /** Position of its element among the words on the screen. */
  index: number;
}

/** What was said, following the playhead word by word; a click on a word jumps there. */
export function Spoken(props: {
  call: Call;
  player: Player;
  agent: string;
  customer: string;
}) {
  const { player, call } = props;
  const list = useRef<HTMLOListElement>(null);
  const lit = useRef<HTMLElement | null>(null);
  const readerAt = useRef(-Infinity);
  const pieces = useMemo(() => piecesOf(call.utterances), [call.utterances]);
  const spots = useRef<HTMLElement[]>([]);
  useLayoutEffect(() => {
    spots.current = [...list.current!.querySelectorAll<HTMLElement>(".word")];
  }, [call.utterances]);

  useSignalEffect(() => {
    const t = player.t.value;
    const index = pieceAt(pieces, t);
    const element = index === null ? null : (spots.current[index] ?? null);
    if (element === lit.current) return;
    const line = element?.closest("li") ?? null;
    const newLine = line !== (lit.current?.closest("li") ?? null);
    lit.current?.classList.remove("lit");
    element?.classList.add("lit");
    lit.current = element;
    if (line && newLine && performance.now() - readerAt.current > READER_HOLDS_MS) {
      const box = list.current!;
      box.scrollTop = line.offsetTop - box.clientHeight / 3;
    }
  });

  const jump = (event: MouseEvent) => {
    const spot = (event.target as HTMLElement).closest<HTMLElement>("[data-t]");
    if (spot) player.seek(Number(spot.dataset["t"]));
  };
  const reads = () => {
    readerAt.current = performance.now();
  };
  return (
    <ol
      class="transcript spoken"
      ref={list}
      tabIndex={0}
      aria-label="Transcript; a click on a word jumps there"
      onClick={jump}
      onWheel={reads}
      onTouchMove={reads}
    >
      {call.utterances.length === 0 && (
        <li class="message quiet small">
          {call.started?.words === null ? "The words were off for this call." : "No words."}
        </li>
      )}
      {call.utterances.map((utterance) => (
        <Line
          key={utterance.utterance}
          utterance={utterance}
          who={speakerName(call, utterance.party, props)}
          colour={separated(call) ? utterance.party : ""}
        />
      ))}
    </ol>
  );
}

const Line = memo(function Line(props: {
  utterance: Words;
  who: string;
  colour: string;
}) {
  const { utterance, who } = props;
  const words = utterance.words;
  return (
    <li class={`utterance ${props.colour}`}>
      <button type="button" class="at plain" data-t={utterance.t0}>
        <span class="sr">Play from </span>
        {clock(utterance.t0)}
      </button>
      <span>
        <span class="who">{who}</span>{" "}
        <span class="said">
          {words.length === 0 ? (
            <span data-t={utterance.t0} class="word">
              {utterance.text}
            </span>
          ) : (
            words.map((word, i) => (
              <span key={i}>
                <span data-t={word.t0} class="word">
                  {word.text.trim()}
                </span>{" "}
              </span>
            ))
          )}
        </span>
      </span>
    </li>
  );
});

function piecesOf(utterances: readonly Words[]): Piece[] {
  const all = utterances.flatMap((u) =>
    u.words.length > 0 ? u.words.map(({ t0, t1 }) => ({ t0, t1 })) : [{ t0: u.t0, t1: u.t1 }],
  );
  return all.map((piece, index) => ({ ...piece, index })).sort((a, b) => a.t0 - b.t0);
}

/** The word being said at t: the last one that began, until 0.6 s after its end. */
function pieceAt(pieces: readonly Piece[], t: number): number | null {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.t0 <= t) low = middle + 1;
    else high = middle;
  }
  const piece = pieces[low - 1];
  return piece && t <= piece.t1 + 0.6 ? piece.index : null;
}
