import { useComputed, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Peaks } from "../api";
import { clock } from "../format";
import type { Player } from "../player";
import { type Call, separated } from "../reducer";
import { Curve } from "./curve";
import { CueLane, NudgeLane, OverlapLane, Ruler, SilenceLane, TurnLane } from "./lanes";
import { useWidth } from "./use_width";
import { Waves } from "./waves";

const LABELS_PX = 104;
const MOST_PX = 12000;
const ZOOMS = [1, 2, 4, 8];

/** Everything that happened in a call, on one time axis with one playhead. */
export function Timeline(props: {
  call: Call;
  duration: number;
  peaks: Peaks | null;
  player: Player;
  /** Why there is no sound, if so. */
  silent: string | null;
}) {
  const { player, duration } = props;
  const [box, boxWidth] = useWidth<HTMLDivElement>();
  const [zoom, setZoom] = useState(1);
  const width = Math.min(Math.max(boxWidth - LABELS_PX, 200) * zoom, MOST_PX);
  const head = useRef<HTMLDivElement>(null);

  const place = (t: number) => {
    head.current!.style.left = `${(t / duration) * 100}%`;
  };
  useLayoutEffect(() => place(player.t.peek()), [duration, player]);
  useSignalEffect(() => {
    const t = player.t.value;
    place(t);
    const x = (t / duration) * width;
    const scroller = box.current;
    if (!scroller || width <= scroller.clientWidth || !player.playing.peek()) return;
    const from = scroller.scrollLeft;
    const seen = scroller.clientWidth - LABELS_PX;
    if (x < from || x > from + seen * 0.9) scroller.scrollLeft = x - seen * 0.1;
  });

  const seekTo = (event: MouseEvent) => {
    const axis = (event.currentTarget as HTMLElement).getBoundingClientRect();
    player.seek(((event.clientX - axis.left) / axis.width) * duration);
  };
  const drag = (event: PointerEvent) => {
    if (event.buttons === 1) seekTo(event);
  };

  return (
    <section class="card timeline" aria-label="Time line">
      <Controls
        player={player}
        duration={duration}
        zoom={zoom}
        setZoom={setZoom}
        silent={props.silent}
      />
      <div class="timeline-scroll" ref={box}>
        <div class="timeline-body" style={{ width: `${width + LABELS_PX}px` }}>
          <Labels waves={props.peaks !== null} apart={separated(props.call)} />
          <Axis player={player} duration={duration} onClick={seekTo} onPointerMove={drag}>
            <Lanes call={props.call} duration={duration} width={width}>
              {props.peaks && player.audio && (
                <Waves
                  peaks={props.peaks}
                  duration={duration}
                  audio={player.audio}
                  height={44}
                />
              )}
            </Lanes>
            <div class="playhead" ref={head} />
          </Axis>
        </div>
      </div>
      <p class="legend small quiet" aria-hidden="true">
        <span><i class="k talk_over" /> talk-over</span>
        <span><i class="k interruption" /> interruption</span>
        <span><i class="k terminal" /> overlap at the end of a turn</span>
        <span><i class="k backchannel" /> “mm-hm”</span>
        <span><i class="k dead" /> dead air</span>
        <span><i class="k gap" /> no audio</span>
      </p>
    </section>
  );
}

/** Shared axis of all lanes: a slider for the keyboard, a click anywhere for the pointer. */
function Axis(props: {
  player: Player;
  duration: number;
  onClick: (event: MouseEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  children: ComponentChildren;
}) {
  const second = useComputed(() => Math.floor(props.player.t.value));
  return (
    <div
      class="axis"
      role="slider"
      tabIndex={0}
      aria-label="Playhead"
      aria-valuemin={0}
      aria-valuemax={Math.ceil(props.duration)}
      aria-valuenow={second.value}
      aria-valuetext={clock(second.value)}
      onClick={props.onClick}
      onPointerMove={props.onPointerMove}
    >
      {props.children}
    </div>
  );
}

const Lanes = memo(function Lanes(props: {
  call: Call;
  duration: number;
  width: number;
  children: ComponentChildren;
}) {
  const lane = { call: props.call, width: props.width, perS: props.width / props.duration };
  return (
    <>
      <Ruler {...lane} duration={props.duration} />
      {props.children}
      <Curve curve={props.call.moodCurve} duration={props.duration} height={84} bare />
      <TurnLane {...lane} />
      <OverlapLane {...lane} />
      <SilenceLane {...lane} />
      <CueLane {...lane} />
      <NudgeLane {...lane} />
    </>
  );
});

function Labels({ waves, apart }: { waves: boolean; apart: boolean }) {
  return (
    <div class="labels small" aria-hidden="true">
      <span style={{ height: "24px" }} />
      {waves && (
        <>
          <span class="agent" style={{ height: "44px" }}>{apart && "Agent"}</span>
          <span class={apart ? "customer" : ""} style={{ height: "44px" }}>
            {apart ? "Customer" : "Both parties"}
          </span>
        </>
      )}
      <span style={{ height: "84px" }}>{apart ? "Customer mood" : "Mood: not measured"}</span>
      <span style={{ height: "32px" }}>Turns</span>
      <span style={{ height: "28px" }}>Overlaps</span>
      <span style={{ height: "20px" }}>Silence, gaps</span>
      <span style={{ height: "24px" }}>Cues</span>
      <span style={{ height: "30px" }}>Nudges</span>
    </div>
  );
}

function Controls(props: {
  player: Player;
  duration: number;
  zoom: number;
  setZoom: (zoom: number) => void;
  silent: string | null;
}) {
  const { player } = props;
  return (
    <div class="row controls">
      <button type="button" class="primary play" onClick={() => void player.toggle()}>
        {player.playing.value ? "Pause" : "Play"}
      </button>
      <Clock player={player} duration={props.duration} />
      <label class="small quiet">
        Speed{" "}
        <select
          value={String(player.rate.value)}
          onChange={(event) => player.setRate(Number(event.currentTarget.value))}
        >
          {[0.75, 1, 1.25, 1.5, 2].map((rate) => (
            <option key={rate} value={rate}>
              {rate} ×
            </option>
          ))}
        </select>
      </label>
      <label class="small quiet">
        Zoom{" "}
        <select
          value={String(props.zoom)}
          onChange={(event) => props.setZoom(Number(event.currentTarget.value))}
        >
          {ZOOMS.map((zoom) => (
            <option key={zoom} value={zoom}>
              {zoom === 1 ? "Whole call" : `${zoom} ×`}
            </option>
          ))}
        </select>
      </label>
      {props.silent && <span class="small quiet">{props.silent}</span>}
      <span class="small quiet push">Space plays · ← → 5 s · Shift ← → 1 s</span>
    </div>
  );
}

function Clock({ player, duration }: { player: Player; duration: number }) {
  const second = useComputed(() => clock(player.t.value));
  return (
    <span class="num clock">
      <strong>{second}</strong> <span class="quiet">/ {clock(duration)}</span>
    </span>
  );
}
