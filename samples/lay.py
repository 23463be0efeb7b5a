"""Lay speech on the timing of real conversations: calls that overlap as people do.

    python samples/lay.py FOLDER --out DIR                every conversation of a folder
    python samples/lay.py FOLDER --out DIR --half report --minutes 4 --calls 20

FOLDER holds the TextGrids of PriMock57 or the RTTMs of CallHome (samples/timing.py). Each
conversation becomes NAME.flac (8 kHz, 16 bit; channel 0 the agent, channel 1 the customer) and
NAME.ref.json, the reference annotations: who speaks when is exact, what kind an overlap is says
samples/labels.py. The voices are synthetic and say something else than the people did.

The voices are development dependencies: pip install 'call-monitor[render]'.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples import bank, labels, telephone
from samples.bank import Bank, Cutter
from samples.labels import Label
from samples.timing import PARTIES, Conversation, Interval, Party, TimingError, usable
from samples.voices import Studio, VoiceError

F32 = NDArray[np.float32]

LEVEL_DBFS = {"agent": -24.0, "customer": -25.0}
PARTY_DB = 2.0
"""Standard deviation of a party's level over the calls."""
INTERVAL_DB = 1.5
"""Standard deviation of the level of one interval, whatever kind of overlap it makes."""
BACKCHANNEL_DB = -3.0
PERSON_STRETCH = 0.07
"""A voice becomes another person by speaking so much faster and higher, or slower and lower."""
FADE_S = 0.004
SPEAKERS = ("ada", "ben", "cora", "dan", "eve")
"""Who speaks unless said otherwise: with other voices these would be other calls."""


def mix(conversation: Conversation, banks: dict[str, Bank]) -> tuple[F32, dict[str, Any]]:
    """Two channels of clean line, shape (2, samples) at 8 kHz, and the reference of the call."""
    rng = np.random.default_rng(zlib.crc32(conversation.name.encode()))
    found = labels.overlaps(conversation)
    samples = round(conversation.duration_s * telephone.RATE_HZ)
    smooth = 1 << samples.bit_length()  # a spectrum of any other length can take minutes
    channels = np.stack([telephone.noise(smooth, rng)[:samples] for _ in PARTIES])
    voices = [str(v) for v in rng.choice(sorted(banks), size=2, replace=len(banks) < 2)]
    for row, party in enumerate(PARTIES):
        factor = 1 + float(rng.uniform(-PERSON_STRETCH, PERSON_STRETCH))
        cutter = Cutter(banks[voices[row]].person(factor), rng)
        own_db = LEVEL_DBFS[party] + float(np.clip(rng.normal(0, PARTY_DB), -4, 4))
        for interval, following in _pairs(conversation.of(party)):
            clip, soft_db = _speech(interval, following, party, found, cutter)
            db = own_db + soft_db + float(np.clip(rng.normal(0, INTERVAL_DB), -4, 4))
            clip = telephone.level(_faded(clip), db)
            start = round(interval.t0 * telephone.RATE_HZ)
            channels[row, start : start + len(clip)] += clip
    return channels, _reference(conversation, found, voices)


def lay(conversation: Conversation, banks: dict[str, Bank], out: Path) -> Path:
    """Write NAME.flac and NAME.ref.json into ``out``; returns the path of the audio."""
    import soundfile

    channels, reference = mix(conversation, banks)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{conversation.name}.flac"
    soundfile.write(path, telephone.g711(channels).T, telephone.RATE_HZ, subtype="PCM_16")
    text = json.dumps(reference, indent=1, ensure_ascii=False)
    (out / f"{conversation.name}.ref.json").write_text(text + "\n", encoding="utf-8")
    return path


def middle(conversation: Conversation, minutes: float | None) -> Conversation:
    """So many minutes from the middle of a conversation; None: all of it."""
    if minutes is None or conversation.duration_s <= minutes * 60:
        return conversation
    from_s = (conversation.duration_s - minutes * 60) / 2
    return conversation.excerpt(from_s, from_s + minutes * 60)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="TextGrids of PriMock57 or RTTMs of CallHome")
    parser.add_argument("--out", type=Path, required=True, help="folder for the calls")
    parser.add_argument(
        "--half", choices=["tune", "report"], help="the first, third, ... or others"
    )
    parser.add_argument("--minutes", type=float, help="so much from the middle of each")
    parser.add_argument("--calls", type=int, help="so many, from the first")
    parser.add_argument("--voices", default=",".join(SPEAKERS), help="default: %(default)s")
    parser.add_argument("--cache", type=Path, help="keep the voices' speech here for the next time")
    options = parser.parse_args(arguments)
    try:
        conversations = usable(options.folder, options.half)[: options.calls]
        studio = Studio(options.cache)
        banks = {v: bank.read(v, studio, options.cache) for v in options.voices.split(",")}
        for conversation in conversations:
            path = lay(middle(conversation, options.minutes), banks, options.out)
            print(path, file=sys.stderr)
    except (TimingError, VoiceError) as error:
        print(f"lay: {error}", file=sys.stderr)
        return 2
    return 0


def _speech(
    interval: Interval,
    following: Interval | None,
    party: Party,
    found: Sequence[Label],
    cutter: Cutter,
) -> tuple[F32, float]:
    """Speech that fills an interval, and how much softer than usual it is said, dB."""
    agreeing = labels.only_backchannels(interval.text)
    if agreeing is None:
        agreeing = any(
            label.by == party
            and label.kind == "backchannel"
            and interval.t0 <= label.t0 < interval.t1
            for label in found
        )
    if agreeing and interval.length_s <= labels.LONG_BACKCHANNEL_S:
        return cutter.backchannel(interval.length_s, interval.text), BACKCHANNEL_DB
    goes_on = following is not None and following.t0 - interval.t1 < labels.YIELD_S
    breaks_off = goes_on or labels.unfinished(interval.text)
    return cutter.stretch_of(interval.length_s, interval.t0, breaks_off), 0.0


def _reference(
    conversation: Conversation, found: Sequence[Label], voices: Sequence[str]
) -> dict[str, Any]:
    speech = [
        {"party": party, "t0": round(i.t0, 3), "t1": round(i.t1, 3), "text": i.text}
        for party in PARTIES
        for i in conversation.of(party)
    ]
    turns = [
        {"party": party, "t0": round(i.t0, 3), "t1": round(i.t1, 3)}
        for party, i in labels.turns(conversation)
    ]
    return {
        "title": f"Speech of {' and '.join(voices)} on the timing of {conversation.name}",
        "agent_channel": 0,
        "duration_s": round(conversation.duration_s, 3),
        "turns": turns,
        "speech": sorted(speech, key=lambda s: s["t0"]),
        "overlaps": [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(label).items()}
            | {"clear": stands}
            for label, stands in zip(found, labels.clear(conversation, found), strict=True)
        ],
    }


def _pairs(intervals: Sequence[Interval]) -> list[tuple[Interval, Interval | None]]:
    return list(zip(intervals, [*intervals[1:], None], strict=True))


def _faded(x: F32) -> F32:
    fade = min(round(FADE_S * telephone.RATE_HZ), len(x) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    out = x.copy()
    out[:fade] *= ramp
    out[len(out) - fade :] *= ramp[::-1]
    return out


if __name__ == "__main__":
    sys.exit(main())
