"""Bars that a score must clear, so that a build fails when hearing gets worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.score import ScoreError

SHORT = {
    "talk_over": "overlaps.kinds.talk_over.f1",
    "interruption": "overlaps.kinds.interruption.f1",
    "backchannel": "overlaps.kinds.backchannel.f1",
    "terminal": "overlaps.kinds.terminal.f1",
    "backchannels_as_talk_over": "overlaps.backchannels_as_talk_over",
    "taken_back": "overlaps.talk_overs_taken_back",
    "delay": "overlaps.kinds.talk_over.delay_after_long_p95_s",
    "alerts": "frustration.alert.recall",
    "false_alerts": "frustration.alert.false_per_h",
    "nudges": "nudges.all.f1",
    "hallucinated": "nonspeech.words_per_h",
}
"""Names for what one most often asks; any other figure is named by its place in the JSON."""


def read(texts: Sequence[str]) -> list[tuple[str, float]]:
    """``FIGURE=VALUE`` each. Raises ScoreError."""
    out = []
    for text in texts:
        name, _, value = text.partition("=")
        try:
            out.append((name.strip(), float(value)))
        except ValueError:
            raise ScoreError(f"a bar is FIGURE=VALUE, as in talk_over=0.95, not {text!r}") from None
    return out


def missed(
    overall: Mapping[str, Any], at_least: Sequence[str], at_most: Sequence[str]
) -> list[str]:
    """One line for each bar that is not cleared. A figure that is not there clears none.

    Raises ScoreError for one that the score does not have at all."""
    lines = []
    for side, texts in (("at least", at_least), ("at most", at_most)):
        for name, bar in read(texts):
            value = _figure(overall, name)
            if value is None:
                lines.append(f"{name} cannot be told from these calls, {side} {bar:g} is asked")
            elif value < bar if side == "at least" else value > bar:
                lines.append(f"{name} is {value:g}, {side} {bar:g} is asked")
    return lines


def _figure(overall: Mapping[str, Any], name: str) -> float | None:
    here: Any = overall
    for key in SHORT.get(name, name).split("."):
        if here is None or (isinstance(here, Mapping) and not here):
            return None
        if not isinstance(here, Mapping) or key not in here:
            raise ScoreError(
                f"there is no figure {name!r}: {', '.join(SHORT)}, or its place in the JSON, as "
                f"in overlaps.kinds.talk_over.recall"
            )
        here = here[key]
    if here is not None and not isinstance(here, int | float):
        raise ScoreError(f"{name!r} holds several figures: name one of them")
    return None if here is None else float(here)
