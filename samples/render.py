"""Render the dialogues beside this file into two-channel telephone calls.

Each dialogues/NAME.txt becomes rendered/NAME.flac (8 kHz, 16 bit; channel 0 the agent,
channel 1 the customer) and rendered/NAME.ref.json, the reference annotations.

The library, dialogues/tune and dialogues/held, is rendered into library/tune and library/held.

    python samples/render.py --list          the dialogues, and what each one is for
    python samples/render.py                 render all of them
    python samples/render.py calm tune/met_well        render these
    python samples/render.py --out /tmp/x    somewhere else than beside this file

The voices are development dependencies: pip install 'call-monitor[render]'.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples import reference, telephone
from samples.dialogue import Dialogue, DialogueError, place
from samples.reading import library, load, names
from samples.voices import Studio, VoiceError

F32 = NDArray[np.float32]
RENDERED = Path(__file__).parent / "rendered"
LIBRARY = Path(__file__).parent / "library"
"""A folder of its own: the package carries the calls of the demo, and not these."""
LEVEL_DBFS = {"agent": -24.0, "customer": -25.0}
BACKCHANNEL_DB = -3.0
TAIL_S = 1.0
"""Silence after the last word, s."""


def mix(
    dialogue: Dialogue, studio: Studio, progress: bool = False
) -> tuple[F32, reference.Reference]:
    """Speak a dialogue. Returns the two channels (2, samples) before G.711, and the reference.

    Raises DialogueError, VoiceError."""
    rng = np.random.default_rng(zlib.crc32(dialogue.name.encode()))
    clips: list[F32] = []
    spoken: list[list[tuple[str, float, float]]] = []
    for number, line in enumerate(dialogue.lines, start=1):
        if progress and sys.stderr.isatty():
            print(
                f"\r{dialogue.name}: line {number}/{len(dialogue.lines)}", end="", file=sys.stderr
            )
        manner = dialogue.manner(line)
        said = studio.say(line.text, dialogue.speakers[line.party].voice, manner)
        own_db = LEVEL_DBFS[line.party] + manner.level_db + rng.uniform(-0.7, 0.7)
        own_db += BACKCHANNEL_DB if line.kind == "backchannel" else 0.0
        clips.append(telephone.level(telephone.band(said.samples), own_db))
        spoken.append(said.words)
    placed = place(dialogue, [len(clip) / telephone.RATE_HZ for clip in clips])
    samples = round((max(p.t1 for p in placed) + TAIL_S) * telephone.RATE_HZ)
    hiss_db = telephone.NOISE_DBFS if dialogue.hiss_db is None else dialogue.hiss_db
    channels = np.stack([telephone.noise(samples, rng, hiss_db) for _ in LEVEL_DBFS])
    for here, clip in zip(placed, clips, strict=True):
        start = round(here.t0 * telephone.RATE_HZ)
        row = 0 if here.line.party == "agent" else 1
        channels[row, start : start + len(clip)] += clip
    return channels, reference.build(dialogue, placed, spoken, samples / telephone.RATE_HZ)


def render(dialogue: Dialogue, studio: Studio, out: Path) -> Path:
    """Write NAME.flac and NAME.ref.json into ``out``; returns the path of the audio."""
    import soundfile

    source = load(dialogue.echo.of) if dialogue.echo else dialogue
    channels, ref = mix(source, studio, progress=True)
    if dialogue.echo:
        line = telephone.g711(channels).astype(np.float32) / 32768
        ref["title"] = dialogue.title
        leaked = telephone.leak(line[1], line[0], dialogue.echo.leak_db, dialogue.echo.delay_ms)
        channels = np.stack([line[0], leaked])
    path = out / f"{dialogue.name}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = telephone.g711(channels)
    soundfile.write(path, pcm.T, telephone.RATE_HZ, subtype="PCM_16", compression_level=1.0)
    path.with_name(f"{path.stem}.ref.json").write_text(_json(ref), encoding="utf-8")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="dialogues; none: all")
    parser.add_argument("--out", type=Path, help="folder for the calls")
    parser.add_argument("--list", action="store_true", help="say what there is and stop")
    parser.add_argument("--cache", type=Path, help="keep spoken lines here for the next time")
    options = parser.parse_args(arguments)
    try:
        chosen = [load(name) for name in options.names or [*names(), *library()]]
        if options.list:
            for dialogue in chosen:
                print(f"{dialogue.name:10} {dialogue.title}\n{'':10} {dialogue.about}")
            return 0
        studio = Studio(options.cache)
        for dialogue in chosen:
            usual = LIBRARY if dialogue.half else RENDERED
            path = render(dialogue, studio, options.out or usual)
            print(f"\r{path}  {path.stat().st_size / 1e6:.2f} MB", file=sys.stderr)
    except (DialogueError, VoiceError) as error:
        print(f"render: {error}", file=sys.stderr)
        return 2
    return 0


def _json(ref: reference.Reference) -> str:
    """One item a line, so that a change of the reference reads well in a diff."""
    parts = []
    for key, value in ref.items():
        if isinstance(value, list) and value:
            items = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value)
            parts.append(f"{json.dumps(key)}: [\n{items}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
