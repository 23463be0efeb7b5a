"""What telephones and rooms do to a call, by name, so that hearing can be measured under it.

A line is one or more parts joined with ``+``, done from left to right to every channel, each
NAME or NAME:VALUE: ``babble:10+gsm+loss:3`` is a busy office heard over a mobile phone on a
poor network. What is drawn by chance (noise, losses) is another for each channel and the same
for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.score import ScoreError
from monitor.score.line import codecs, levels, losses, noises

F32 = NDArray[np.float32]

Mono = Callable[..., F32]


class _Value(NamedTuple):
    """A number after a part's name; ``default`` None: it must be given."""

    name: str
    low: float
    high: float
    default: float | None = None


class _Part(NamedTuple):
    name: str
    what: str
    apply: Callable[..., F32]  # (pcm (channels, samples), rng, *values) -> the same shape
    values: tuple[_Value, ...] = ()

    @property
    def usage(self) -> str:
        """As it is written: loss:PERCENT, leak:DB[:DELAY_MS]."""
        values = [
            f":{value.name}" if value.default is None else f"[:{value.name}]"
            for value in self.values
        ]
        return self.name + "".join(values)


def through(spec: str, pcm: F32, seed: int) -> F32:
    """Send a call down a line: ``pcm`` (channels, samples) at 8 kHz, -1..1; the same shape back.

    Raises ScoreError for a part that is unknown or whose values do not fit; the message says
    what there is.
    """
    if pcm.ndim != 2:
        raise ScoreError(f"a line takes (channels, samples), not an array of shape {pcm.shape}")
    steps = _read(spec)
    out = np.array(pcm, np.float32)
    if out.size == 0:
        return out
    for place, (part, values) in enumerate(steps):
        out = part.apply(out, np.random.default_rng((seed, place)), *values)
    return out


def names() -> list[tuple[str, str]]:
    """Every part there is, as it is written, and what it does."""
    return [(part.usage, part.what) for part in _PARTS]


def _read(spec: str) -> list[tuple[_Part, list[float]]]:
    known = {part.name: part for part in _PARTS}
    steps = []
    for text in spec.split("+"):
        name, *given = text.strip().split(":")
        if name not in known:
            usages = ", ".join(part.usage for part in _PARTS)
            raise ScoreError(f"no line {name!r}; there is: {usages}; join several with +")
        part = known[name]
        steps.append((part, _values(part, given, text.strip())))
    return steps


def _values(part: _Part, given: list[str], text: str) -> list[float]:
    needed = sum(value.default is None for value in part.values)
    if not needed <= len(given) <= len(part.values):
        raise ScoreError(f"line {text!r} is written {part.usage}")
    out = []
    for place, value in enumerate(part.values):
        if place >= len(given):
            assert value.default is not None  # counted above  # noqa: S101
            out.append(value.default)
            continue
        try:
            number = float(given[place])
        except ValueError as error:
            raise ScoreError(f"line {text!r}: {value.name} is a number") from error
        if not value.low <= number <= value.high:
            raise ScoreError(f"line {text!r}: {value.name} is from {value.low:g} to {value.high:g}")
        out.append(number)
    return out


def _each(change: Mono, pcm: F32, rng: np.random.Generator, *values: float) -> F32:
    """A change of one channel, (samples,), on every channel."""
    return np.stack([change(row, *values) for row in pcm]).astype(np.float32)


def _each_by_chance(change: Mono, pcm: F32, rng: np.random.Generator, *values: float) -> F32:
    """The same, with chance in it; every channel has its own."""
    own = rng.spawn(len(pcm))
    rows = [change(row, draws, *values) for row, draws in zip(pcm, own, strict=True)]
    return np.stack(rows).astype(np.float32)


def _leak(source: int, pcm: F32, rng: np.random.Generator, db: float, delay_ms: float) -> F32:
    if len(pcm) != 2:
        raise ScoreError(f"a leak needs two channels, the call has {len(pcm)}")
    out = pcm.copy()
    out[1 - source] = levels.leak(pcm[1 - source], pcm[source], db, delay_ms)
    return out


_SNR: Final = _Value("SNR_DB", -20, 60)
_LEAK: Final = (_Value("DB", -80, 0), _Value("DELAY_MS", 0, 1000, 0))
_LOST: Final = _Value("PERCENT", 0, 90)

_PARTS: Final = (
    _Part("mulaw", "G.711 µ-law, as on most lines", partial(_each, codecs.mulaw)),
    _Part("alaw", "G.711 A-law, as on European lines", partial(_each, codecs.alaw)),
    _Part("gsm", "GSM full rate (GSM 06.10), 13 kbit/s", partial(_each, codecs.gsm)),
    _Part("adpcm", "G.721 ADPCM, 32 kbit/s, as on cordless phones", partial(_each, codecs.adpcm)),
    _Part("opus", "Opus at 8 kHz, as from a browser", partial(_each, codecs.opus)),
    _Part(
        "loss",
        "so many percent of the 20 ms frames lost, one here, one there; repeated with a fade, "
        "silent after 60 ms",
        partial(_each_by_chance, losses.scattered),
        (_LOST,),
    ),
    _Part(
        "lossburst",
        "the same in bursts (Gilbert), on average 4 frames long",
        partial(_each_by_chance, losses.in_bursts),
        (_LOST, _Value("FRAMES", 1, 100, 4)),
    ),
    _Part(
        "babble",
        "other people talking in the room, 10 of them or VOICES, so far below the speech",
        partial(_each_by_chance, noises.babble),
        (_SNR, _Value("VOICES", 1, noises.MOST_VOICES, noises.MOST_VOICES)),
    ),
    _Part(
        "street",
        "traffic: low noise with slow swells, now and then a horn",
        partial(_each_by_chance, noises.street),
        (_SNR,),
    ),
    _Part("white", "white noise", partial(_each_by_chance, noises.white), (_SNR,)),
    _Part(
        "hum",
        "mains hum, 50 Hz and its odd harmonics",
        partial(_each_by_chance, noises.hum),
        (_Value("DBFS", -90, 0),),
    ),
    _Part("dc", "a constant offset", partial(_each, levels.dc), (_Value("OFFSET", -1, 1),)),
    _Part("gain", "louder or softer", partial(_each, levels.gain), (_Value("DB", -80, 80),)),
    _Part(
        "clip",
        "driven until the peaks are so far over full scale, and cut off there",
        partial(_each, levels.clip),
        (_Value("DB", 0, 60),),
    ),
    _Part(
        "agc",
        "automatic gain: rides the level, lifts the noise in pauses",
        partial(_each, levels.agc),
    ),
    _Part("gate", "cut to digital silence in pauses", partial(_each, levels.gate)),
    _Part("band", "the telephone band, 300 to 3400 Hz", partial(_each, levels.band)),
    _Part("leak", "the agent leaks into the customer's channel", partial(_leak, 0), _LEAK),
    _Part("leakback", "the customer leaks into the agent's channel", partial(_leak, 1), _LEAK),
)
