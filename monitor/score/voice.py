"""Labelled clips of voices, heard as a call hears its customer: Ear, own speech, CustomerVoice."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, BLOCK_S, RATE_HZ, AudioError
from monitor.audiofile import AudioFile
from monitor.config import HearingSettings, Settings
from monitor.crosstalk import CrosstalkGate
from monitor.customer import TONE_BRIDGE_S, TONE_CUT_S, TONE_MIN_S
from monitor.ear import Ear, Heard
from monitor.foreground import Foreground
from monitor.score import ScoreError, line
from monitor.score.voicelist import LabelledClip
from monitor.tone import ToneModel, shipped
from monitor.utterances import Speaker
from monitor.voice import CustomerVoice, Stretch, StretchMeter

F32 = NDArray[np.float32]

BEFORE_S: Final = 0.5
"""Nobody speaks with the first sample of a call."""
AFTER_S: Final = 1.0
"""Long enough for the last stretch to end."""
MOST_OTHERS: Final = 40
"""Clips of a caller that are heard before the one that is scored: two minutes of them."""
LEAST_OTHERS_S: Final = 10.0
"""Voiced speech from which a caller counts as known."""
SILENT_DB: Final = -100.0


@dataclass(frozen=True, slots=True)
class ScoredClip:
    """What was made of a clip, in log-odds that it is angry; None where there was no voice to
    judge."""

    clip: LabelledClip
    alone: float | None
    known: float | None  # after other clips of the same caller; alone where there are too few
    usual: float  # of this caller, or of calm callers where there are too few others
    median: float | None  # of the other clips; None where there are too few
    called_alone: bool  # angry
    called: bool

    @property
    def excess(self) -> float | None:
        """Over the usual: what the mood goes by."""
        return None if self.known is None else self.known - self.usual


def telephone(over: str | None) -> str:
    """A line between the two ends of a telephone call: its band before, G.711 after."""
    return "+".join(part for part in ("band", over, "mulaw") if part)


def hear(
    clips: Sequence[LabelledClip],
    settings: Settings,
    over: str | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> list[list[Stretch]]:
    """Of each clip its stretches of speech, measured. ``over``: the line that it is sent down.

    Raises ScoreError.
    """
    ear, done_s, out = Ear(), 0.0, []
    for clip in clips:
        pcm = _audio(clip)
        if over is not None:
            pcm = line.through(over, pcm[np.newaxis], zlib.crc32(clip.name.encode(), seed))[0]
        out.append(_stretches(_heard(ear, pcm), settings.hearing))
        done_s += clip.duration_s
        if progress is not None:
            progress(done_s)
    return out


def judge(
    clips: Sequence[LabelledClip],
    heard: Sequence[Sequence[Stretch]],
    seed: int = 0,
    model: ToneModel | None = None,
) -> list[ScoredClip]:
    """Each clip by itself, and as the next thing said in a call of its speaker.

    That call begins with other clips of the speaker, at most ``MOST_OTHERS`` of them, in random
    order, whatever their labels; the median of what is made of them is where that speaker lies.
    """
    model = model or shipped()
    of_speaker: dict[str, list[int]] = {}
    for place, clip in enumerate(clips):
        of_speaker.setdefault(clip.speaker, []).append(place)
    out = []
    for place, clip in enumerate(clips):
        alone = known = _log_odds(CustomerVoice(model), heard[place])
        called = called_alone = alone is not None and alone >= model.threshold
        rng = np.random.default_rng((seed, zlib.crc32(clip.name.encode()), place))
        others = [other for other in of_speaker[clip.speaker] if other != place]
        chosen = [others[k] for k in rng.permutation(len(others))[:MOST_OTHERS]]
        before = [stretch for other in chosen for stretch in heard[other]]
        usual, median = model.calm.mean, None
        if sum(stretch.voiced_s for stretch in before) >= LEAST_OTHERS_S:
            voice = CustomerVoice(model)
            median = float(np.median([voice.hear(stretch).log_odds for stretch in before]))
            usual = voice.usual
            known = _log_odds(voice, heard[place])
            called = known is not None and known >= median + model.above_median
        out.append(ScoredClip(clip, alone, known, usual, median, called_alone, called))
    return out


def _log_odds(voice: CustomerVoice, stretches: Sequence[Stretch]) -> float | None:
    """Of a clip: the mean over its stretches, by how much of each is voiced."""
    if not stretches:
        return None
    weights = [stretch.voiced_s for stretch in stretches]
    return float(np.average([voice.hear(each).log_odds for each in stretches], weights=weights))


def _audio(clip: LabelledClip) -> F32:
    try:
        pcm = np.concatenate([piece[clip.channel] for piece in AudioFile(clip.path).pieces()])
    except AudioError as error:
        raise ScoreError(f"{clip.where}: {error}") from error
    return pcm.astype(np.float32, copy=False)


def _heard(ear: Ear, pcm: F32) -> Heard:
    """The clip with silence around it."""
    before, after = round(BEFORE_S * RATE_HZ), round(AFTER_S * RATE_HZ)
    whole = np.pad(pcm, (before, after + -(before + after + len(pcm)) % BLOCK))
    slots = ear.open(1)
    try:
        return ear.hear(slots, whole.reshape(1, -1, BLOCK))
    finally:
        ear.close(slots)


def _stretches(heard: Heard, settings: HearingSettings) -> list[Stretch]:
    """As in a call whose agent says nothing: what is their own speech, cut as customer.py cuts."""
    foreground, gate, speaker = Foreground(), CrosstalkGate(settings), Speaker(settings)
    meter, out = StretchMeter(), []
    tone_from: float | None = None
    rows = zip(*(array[0].tolist() for array in heard.arrays()), strict=True)
    for block, (speech, level_db, f0_hz, voicing, balance_db, nuclei) in enumerate(rows, start=1):
        t = round(block * BLOCK_S, 3)
        speech = foreground.step(speech, level_db)
        own = gate.step((0.0, speech), (SILENT_DB, level_db))[1]
        speaker.step(t, own, speech, level_db)
        speaker.ended.clear()
        meter.step(t, own, level_db, f0_hz, voicing, balance_db, nuclei)
        found: Stretch | None = None
        if tone_from is None:
            tone_from = speaker.since if speaker.speaking else None
        elif speaker.speaking:
            if t - tone_from >= TONE_CUT_S:
                found = meter.stretch(tone_from, t)
                tone_from = t
        elif t - speaker.last_end >= TONE_BRIDGE_S:
            if speaker.last_end - tone_from >= TONE_MIN_S:
                found = meter.stretch(tone_from, speaker.last_end)
            tone_from = None
        if found is not None:
            out.append(found)
    return out
