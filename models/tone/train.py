"""Learn the tone model from labelled clips, and say how well it does on speakers it never heard.

    python -m models.tone.train --data DIR [--out models/tone/tone.toml] [--measured FILE.json]

DIR holds ``labels.csv`` (path,label,speaker,emotion; label 1 = angry) and what it names. Only rows
whose path begins with ``--only`` are read: by default ``emodb/``, whose licence allows it.

1. Every clip is heard as it is and down each of ``LINES``, by the same code as in a call.
2. The population of each measure: means and spreads of the clips whose emotion is ``CALM``.
3. Each stretch is put into calls of its speaker that have lasted for 0 to 20 other clips, half of
   them calm calls and half of them any: its distances from own normal and from the population.
4. Logistic regression with ridge, both labels weighing the same; twice, since what counts as
   normal depends on what sounds angry.
5. The same without each speaker in turn gives log-odds for speakers never heard. A logistic
   regression of the label on those (Platt 1999) scales the weights of step 4, the calm clips among
   them tell what is usual, and the threshold is where ``RECALL`` of the angry ones are called.

Loudness is not learned: clips of actors are levelled. Its weights are set by hand, small.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from monitor.config import Settings
from monitor.score import voice, voicefigures, voicelist
from monitor.score.voicelist import LabelledClip
from monitor.tone import STRETCH_S, Calm, Measure, OwnNormal, ToneModel, Words
from monitor.voice import MEASURES, Stretch

F64 = NDArray[np.float64]

LINES: Final = (
    None,
    "band+mulaw",
    "gsm",
    "opus+loss:3",
    "band+clip:6+alaw",
    "band+gate+adpcm",
    "band+agc+mulaw",
    "street:15+gsm",
    "band+white:20+mulaw",
    "band+babble:20+agc+gsm",
)
CALM: Final = "neutral"
LENGTHS: Final = (0, 5, 20)
"""Clips of the same speaker before the one that is judged."""
CALM_CALLS: Final = 0.5
RIDGE: Final = 3.0
CLIP_Z: Final = 2.5
ROUNDS: Final = 2
SEED: Final = 5
MARGIN: Final = 2.25
SHARE: Final = 0.6
"""Set by hand: 1.5 spreads of calm stretches above usual are nothing, acted anger (6 above) is
the most that one stretch may add."""
NO_USUAL: Final = Calm(0.0, 0.0, 1.0)
"""With it, what exceeds the usual is the log-odds themselves."""
RECALL: Final = 0.95

UNITS: Final = {
    "pitch": ("semitones", "pitch"),
    "jumps": ("semitones", "melody"),
    "loudness": ("dB", "loudness"),
    "punch": ("dB", "stress"),
    "balance": ("dB", "balance"),
    "balance_loud": ("dB", "balance"),
    "voicing": ("ratio", "voicing"),
    "pitch_level": ("ratio", "stress"),
}
"""Unit and reason of each measure."""
REASONS: Final = {
    "pitch": Words("voice higher than usual", "voice lower than usual"),
    "melody": Words("voice goes up and down a lot", "voice flatter than usual"),
    "loudness": Words("louder than usual", "softer than usual"),
    "stress": Words("words hit harder than usual", "words held back more than usual"),
    "balance": Words("sharper voice than usual", "duller voice than usual"),
    "voicing": Words("tenser voice than usual", "rougher voice than usual"),
}
LOUDNESS: Final = Measure("loudness", "dB", "loudness", None, 0.0, 2.7, 0.7, 0.2, 0.0)
"""2.7 dB: from stretch to stretch of calm telephone speech."""


@dataclass(frozen=True, slots=True)
class Copy:
    """All clips down one line."""

    line: str
    clips: list[LabelledClip]
    heard: list[list[Stretch]]

    def of(self, speakers: set[str]) -> Copy:
        chosen = [k for k, clip in enumerate(self.clips) if clip.speaker in speakers]
        return Copy(self.line, [self.clips[k] for k in chosen], [self.heard[k] for k in chosen])


def measured(data: Path, only: str, kept: Path | None, out: Console) -> list[Copy]:
    """Every clip down every line; read from ``kept`` where that is there."""
    clips = [c for c in voicelist.load(data / "labels.csv") if c.name.startswith(only)]
    before = json.loads(kept.read_text("utf-8")) if kept is not None and kept.is_file() else {}
    copies = []
    for over in LINES:
        name = over or "as recorded"
        if name not in before:
            heard = voice.hear(clips, Settings(), over, SEED)
            before[name] = [[list(each) for each in of_clip] for of_clip in heard]
            out.print(f"{name}: {sum(map(len, heard))} stretches")
        rows = [[Stretch(t, tuple(v), s) for t, v, s in of_clip] for of_clip in before[name]]
        copies.append(Copy(name, clips, rows))
    if kept is not None:
        kept.write_text(json.dumps(before), "utf-8")
    return copies


def population(copies: Sequence[Copy]) -> list[tuple[float, float, float]]:
    """Of each measure the mean of calm callers, their spread, and that of one caller's stretches:
    a caller here is a speaker on a line."""
    means, within = [], []
    for copy in copies:
        for speaker in sorted({clip.speaker for clip in copy.clips}):
            values = [
                stretch.values
                for clip, heard in zip(copy.clips, copy.heard, strict=True)
                if clip.speaker == speaker and clip.cells["emotion"] == CALM
                for stretch in heard
            ]
            if len(values) > 1:
                means.append(np.mean(values, axis=0))
                within.append(np.var(values, axis=0, ddof=1))
    rows = zip(np.mean(means, axis=0), np.std(means, axis=0), np.mean(within, axis=0), strict=True)
    return [(float(m), float(b), float(np.sqrt(w))) for m, b, w in rows]


def blank(copies: Sequence[Copy]) -> ToneModel:
    """The population, and no weights yet."""
    measures = []
    for name, (mean, between, within) in zip(MEASURES, population(copies), strict=True):
        unit, group = UNITS[name]
        measures.append(Measure(name, unit, group, mean, between, within, 0.0, 0.0, 0.0))
    measures[MEASURES.index("loudness")] = LOUDNESS._replace(above=0.0, below=0.0)
    return ToneModel(tuple(measures), REASONS, 0.0, CLIP_Z, NO_USUAL, MARGIN, SHARE, 0.0, 0.0)


def calls(copy: Copy, model: ToneModel, rng: np.random.Generator) -> Iterator[tuple[F64, bool]]:
    """Each stretch in calls of every length: its distances, and whether it is angry."""
    for place, (clip, heard) in enumerate(zip(copy.clips, copy.heard, strict=True)):
        others = [
            k for k, other in enumerate(copy.clips) if k != place and other.speaker == clip.speaker
        ]
        for length in LENGTHS:
            calm = rng.random() < CALM_CALLS
            fit = [k for k in others if not (calm and copy.clips[k].angry)]
            normal = OwnNormal(model)
            for k in rng.permutation(len(fit))[:length]:
                for stretch in copy.heard[fit[k]]:
                    normal.learn(stretch.values, stretch.voiced_s)
            for stretch in heard:
                yield _row(model, stretch, normal), clip.angry


def _row(model: ToneModel, stretch: Stretch, normal: OwnNormal) -> F64:
    """Above own normal, below it, from the population: three columns a measure."""
    found = np.array([pair[:2] for pair in model.distances(stretch.values, normal)])
    own, people = found[:, 0], found[:, 1]
    row = np.stack((np.maximum(own, 0), np.minimum(own, 0), people))
    row[:, MEASURES.index("loudness")] = 0.0
    return row.reshape(-1)


def logistic(x: F64, y: F64, weights: F64, ridge: float) -> F64:
    """Newton's method; the last coefficient is the constant, which is not shrunk."""
    design = np.c_[x, np.ones(len(x))]
    shrink = np.full(design.shape[1], ridge)
    shrink[-1] = 0.0
    found = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ found))
        slope = design.T @ (weights * (y - p)) - shrink * found
        bend = (design * (weights * p * (1 - p))[:, np.newaxis]).T @ design + np.diag(shrink)
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(bend)), slope)
        found += step
        if np.abs(step).max() < 1e-8:
            break
    return found


def balanced(y: F64) -> F64:
    """Weights with which both labels weigh half, one on average."""
    weights: F64 = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    return weights


def fit(copies: Sequence[Copy]) -> ToneModel:
    model = blank(copies)
    for _ in range(ROUNDS):
        rng = np.random.default_rng(SEED)
        rows, labels = zip(
            *(each for copy in copies for each in calls(copy, model, rng)), strict=True
        )
        x, y = np.array(rows), np.array(labels, np.float64)
        found = logistic(x, y, balanced(y) / (len(copies) * len(LENGTHS)), RIDGE)
        above, below, people = found[:-1].reshape(3, -1)
        model = replace(
            model,
            bias=float(found[-1]),
            measures=tuple(
                m._replace(above=float(a), below=float(b), population=float(p))
                for m, a, b, p in zip(model.measures, above, below, people, strict=True)
            ),
        )
    loud = MEASURES.index("loudness")
    measures = (*model.measures[:loud], LOUDNESS, *model.measures[loud + 1 :])
    return replace(model, measures=measures)


def scaled(model: ToneModel, slope: float, shift: float) -> ToneModel:
    """Log-odds l become slope * l + shift; what is set by hand stays."""
    return replace(
        model,
        bias=slope * model.bias + shift,
        measures=tuple(
            m
            if m.name == "loudness"
            else m._replace(
                above=slope * m.above, below=slope * m.below, population=slope * m.population
            )
            for m in model.measures
        ),
    )


def left_out(copies: Sequence[Copy]) -> dict[str, ToneModel]:
    """For each speaker a model that never heard them."""
    speakers = {clip.speaker for clip in copies[0].clips}
    return {
        speaker: fit([copy.of(speakers - {speaker}) for copy in copies])
        for speaker in sorted(speakers)
    }


def judged(
    copies: Sequence[Copy], models: dict[str, ToneModel]
) -> dict[str, list[voice.ScoredClip]]:
    """Of each line every clip, by the model of its speaker."""
    out: dict[str, list[voice.ScoredClip]] = {copy.line: [] for copy in copies}
    for speaker, model in models.items():
        for copy in copies:
            own = copy.of({speaker})
            out[copy.line] += voice.judge(own.clips, own.heard, SEED, model)
    return out


def platt(scored: Sequence[voice.ScoredClip]) -> tuple[float, float]:
    """Slope and shift that make log-odds at even odds of these."""
    both = [(s, c.clip.angry) for c in scored for s in (c.alone, c.known) if s is not None]
    x, y = np.array([s for s, _ in both]), np.array([a for _, a in both], np.float64)
    slope, shift = logistic(x[:, np.newaxis], y, balanced(y), 0.0)
    return float(slope), float(shift)


def thresholds(unseen: dict[str, list[voice.ScoredClip]]) -> tuple[float, float]:
    """Alone and known: ``RECALL`` of the angry clips of speakers never heard are above them."""
    angry = [each for scored in unseen.values() for each in scored if each.clip.angry]
    alone = [each.alone for each in angry if each.alone is not None]
    above = [
        each.known - each.median
        for each in angry
        if each.known is not None and each.median is not None
    ]
    return float(np.quantile(alone, 1 - RECALL)), float(np.quantile(above, 1 - RECALL))


def calm(unseen: dict[str, list[voice.ScoredClip]], slope: float, shift: float) -> Calm:
    """Log-odds of the calm clips of speakers never heard, each speaker on each line a caller."""
    means, within = [], []
    for scored in unseen.values():
        for speaker in sorted({each.clip.speaker for each in scored}):
            found = [
                slope * each.known + shift
                for each in scored
                if each.clip.speaker == speaker
                and each.clip.cells["emotion"] == CALM
                and each.known is not None
            ]
            if len(found) > 1:
                means.append(np.mean(found))
                within.append(np.var(found, ddof=1))
    return Calm(float(np.mean(means)), float(np.std(means)), float(np.sqrt(np.mean(within))))


def text(model: ToneModel) -> str:
    """The model as TOML."""
    lines = [
        "# The tone model. Written by models/tone/train.py; what it means: models/tone/README.md.",
        "",
        "[model]",
        f"bias = {model.bias:.4f}  # log-odds of a voice that is usual in everything",
        f"clip_z = {model.clip_z:g}  # standard deviations: further away counts no more",
        f"margin = {model.margin:g}  # so far above their usual, evidence begins; set by hand",
        f"share = {model.share:g}  # of what is beyond enters the mood; set by hand",
        f"threshold = {model.threshold:.4f}  # log-odds: a clip alone is called angry from here",
        f"above_median = {model.above_median:.4f}  # … and so far above its caller's median",
        "",
        "[calm]  # log-odds of calm clips of speakers that were left out",
        f"mean = {model.calm.mean:.4f}",
        f"between = {model.calm.between:.4f}",
        f"within = {model.calm.within:.4f}",
        "",
        "[reasons]",
    ]
    for group, words in model.words.items():
        lines.append(f'{group} = {{ more = "{words.more}", less = "{words.less}" }}')
    for m in model.measures:
        by_hand = "  # set by hand" if m.name == "loudness" else ""
        lines += ["", f"[measures.{m.name}]{by_hand}", f'unit = "{m.unit}"', f'group = "{m.group}"']
        if m.mean is not None:
            lines += [f"mean = {m.mean:.4f}", f"between = {m.between:.4f}"]
        lines += [f"within = {m.within:.4f}", f"above = {m.above:.4f}", f"below = {m.below:.4f}"]
        if m.mean is not None:
            lines.append(f"population = {m.population:.4f}")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="emodb/")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "tone.toml")
    parser.add_argument("--measured", type=Path, help="keep what was measured here")
    given = parser.parse_args()
    out = Console(width=160, highlight=False)
    copies = measured(given.data, given.only, given.measured, out)
    models = left_out(copies)
    unseen = judged(copies, models)
    slope, shift = platt([each for of_line in unseen.values() for each in of_line])
    out.print(f"Platt: {slope:.3f} times, {shift:+.3f}; stretches of {STRETCH_S:g} s")
    usual = calm(unseen, slope, shift)
    final = {name: _final(model, slope, shift, usual) for name, model in models.items()}
    unseen = judged(copies, final)
    alone, above_median = thresholds(unseen)
    final = {name: _barred(model, alone, above_median) for name, model in final.items()}
    unseen = judged(copies, final)
    for name, scored in unseen.items():
        found = voicefigures.figures(scored)
        for way, part in (("known", found), ("alone", found.alone)):
            out.print(
                f"{name:24} {way}  AUC {part.auc:.3f} ({part.auc_within:.3f} within)  "
                f"recall {part.recall:.2f}  specificity {part.specificity:.2f}  "
                f"UAR {part.uar:.3f}"
            )
    model = _barred(_final(fit(copies), slope, shift, usual), alone, above_median)
    given.out.write_text(text(model), "utf-8")


def _final(model: ToneModel, slope: float, shift: float, usual: Calm) -> ToneModel:
    return replace(scaled(model, slope, shift), calm=usual)


def _barred(model: ToneModel, alone: float, above_median: float) -> ToneModel:
    return replace(model, threshold=alone, above_median=above_median)


if __name__ == "__main__":
    main()
