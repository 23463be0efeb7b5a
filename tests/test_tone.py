"""The tone model: a file that can be read, distances from own normal and from the population."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.tone import train
from monitor import tone
from monitor.resources import resource
from monitor.tone import Calm, Measure, OwnNormal, ToneError, ToneModel, Words

SHIPPED = (resource("models") / tone.FILE).read_text("utf-8")


def model(**changes: float) -> ToneModel:
    """Two measures: one that has a population, and one that has none."""
    return replace(
        ToneModel(
            measures=(
                Measure("pitch", "semitones", "pitch", 10.0, 4.0, 2.0, 0.5, 0.25, 1.0),
                Measure("loudness", "dB", "loudness", None, 0.0, 3.0, 0.8, 0.1, 0.0),
            ),
            words={"pitch": Words("up", "down"), "loudness": Words("loud", "soft")},
            bias=-2.0,
            clip_z=2.5,
            calm=Calm(-3.0, 1.0, 1.5),
            margin=1.0,
            share=0.5,
            threshold=0.0,
            above_median=0.0,
        ),
        **changes,
    )


def after(seconds: float, values: tuple[float, float], of: ToneModel) -> OwnNormal:
    """A caller who has sounded like this for so long."""
    normal = OwnNormal(of)
    for _ in range(round(seconds)):
        normal.learn(values, 1.0, of.log_odds(values, normal))
    return normal


def test_at_first_own_normal_is_the_population() -> None:
    of = model()
    (own, population, _), (loudness, none, _) = of.distances((12.0, -20.0))
    assert own == population == pytest.approx(2 / np.sqrt(20))
    assert (loudness, none) == (0.0, 0.0), "a level means nothing before another of the same call"


def test_terms_add_up() -> None:
    of = model()
    normal = after(30, (9.0, -30.0), of)
    terms = of.terms((14.0, -24.0), normal)
    assert of.log_odds((14.0, -24.0), normal) == of.bias + sum(term.llr for term in terms)
    pitch, loudness = terms
    assert pitch.above == pytest.approx(5.0, abs=0.5)
    assert loudness.above == pytest.approx(6.0)
    assert 0 < pitch.llr <= 2.5 * (0.5 + 1.0)


def test_below_own_normal_has_a_slope_of_its_own() -> None:
    of = model()
    normal = after(30, (10.0, -30.0), of)
    up, down = (of.terms((10.0, -30.0 + by), normal)[1].llr for by in (2.0, -2.0))
    assert up == pytest.approx(-8 * down)


def test_own_normal_moves_from_the_population_to_the_caller() -> None:
    of = model()
    means = [after(seconds, (4.0, -30.0), of).of(0) for seconds in (0, 2, 10, 60)]
    assert [mean for mean, _ in means] == sorted((mean for mean, _ in means), reverse=True)
    spreads = [spread for _, spread in means]
    assert means[0] == (10.0, pytest.approx(np.sqrt(20)))
    assert None not in spreads
    assert spreads == sorted(spreads, reverse=True)
    assert means[-1][0] == pytest.approx(4.0, abs=0.2)


def test_what_sounds_angry_weighs_less_in_what_is_normal_but_not_nothing() -> None:
    of = model()
    calm, angry = after(10, (8.0, -30.0), of), after(10, (30.0, -30.0), of)
    assert angry.heard_s == pytest.approx(10 * OwnNormal.LEAST_WEIGHT, rel=0.6)
    assert angry.heard_s < calm.heard_s


def test_evidence_begins_at_the_margin() -> None:
    of = model()
    assert of.evidence(1.0) == 0.0
    assert of.evidence(3.0) == pytest.approx(1.0)


def test_the_usual_is_between_bounds() -> None:
    of = model()
    assert OwnNormal(of).usual == -3.0, "that of calm callers"
    furious, sleepy = after(200, (40.0, -30.0), of), OwnNormal(of)
    for _ in range(200):
        sleepy.learn((10.0, -30.0), 1.0, -9.0)
    assert furious.usual == pytest.approx(-3.0 + tone.HIGHEST)
    assert sleepy.usual == pytest.approx(-3.0 - tone.LOWEST)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[model]", "[mode]", r"tone.toml: no table \[model\]"),
        ("clip_z = 2.5", 'clip_z = "wide"', "model: clip_z is a number, not 'wide'"),
        ("margin = ", "edge = ", "model: margin is a number, not None"),
        ("between", "betwixt", "calm: between is a number"),
        ('group = "pitch"', 'group = "song"', "pitch: no reason 'song'; there is: pitch, melody"),
        ('unit = "semitones"', 'unit = ""', "pitch: unit is a text"),
        ("[reasons]", "[reasons", "tone.toml: "),
    ],
)
def test_a_wrong_file_is_refused_by_name(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = tmp_path / "tone.toml"
    path.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(ToneError, match=complaint):
        tone.load(path)


def test_the_trainer_writes_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tone.toml"
    path.write_text(train.text(tone.shipped()), "utf-8")
    assert tone.load(path) == tone.shipped()


def test_logistic_regression_is_at_its_optimum() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 3))
    y = (rng.random(400) < 1 / (1 + np.exp(-(x @ [1.5, -1.0, 0.0] + 0.5)))).astype(float)
    weights = train.balanced(y)
    assert weights.mean() == pytest.approx(1.0)
    found = train.logistic(x, y, weights, 2.0)
    p = 1 / (1 + np.exp(-(x @ found[:3] + found[3])))
    slope = x.T @ (weights * (y - p)) - 2.0 * found[:3]
    assert np.abs(slope).max() < 1e-6
    assert np.sum(weights * (y - p)) == pytest.approx(0.0, abs=1e-6)
    assert found[0] > 0.8 > -0.5 > found[1]


def test_scaling_moves_every_log_odds_alike() -> None:
    of, values = tone.shipped(), tuple((m.mean or 0.0) + m.within for m in tone.shipped().measures)
    assert train.scaled(of, 2.0, 0.5).log_odds(values) == pytest.approx(
        2 * of.log_odds(values) + 0.5
    )
