"""Calls and moments as SVG: who spoke, what the reference says, what the monitor said.

Colours are classes, which the page gives their light and dark values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from monitor.events import PARTIES, Party
from monitor.score import activity
from monitor.score.exhibits import F32, Exhibit
from monitor.score.frustration import on_times
from monitor.score.listening import Listened
from monitor.score.moments import named
from monitor.score.reference import Reference
from monitor.score.spans import Stretch, Timed, shared_s

WIDTH: Final = 1000.0
GUTTER: Final = 72.0
"""Left of the time line, for the names of its rows."""
LEAST_WIDTH: Final = 1.5
"""Whatever is shorter than a pixel and a half is drawn so wide."""
TICKS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
MOST_TICKS: Final = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that has a place in time and a name."""

    t0: float
    t1: float
    kind: str  # class of its colour
    title: str


@dataclass(frozen=True, slots=True)
class Story:
    """One call as both sides tell it."""

    speech: dict[Party, list[Stretch]]  # annotated
    heard: dict[Party, list[Stretch]]
    reference: list[Mark]
    found: list[Mark]


def story(reference: Reference, heard: Listened) -> Story:
    told = activity.speech_of(reference)
    nobody: dict[Party, list[Stretch]] = {party: [] for party in PARTIES}
    return Story(
        nobody if told is None else told[1],
        heard.speech,
        list(_annotated(reference)),
        list(_found(heard)),
    )


def overview(told: Story, duration_s: float, links: Iterable[tuple[float, str, str]]) -> str:
    """A whole call on one line. ``links``: time, address and title of what went wrong."""
    scale = _Scale(Stretch(0.0, max(duration_s, 1e-3)))
    parts = [*_axis(scale, 112)]
    for row, party in enumerate(PARTIES):
        top = 18 + 26 * row
        parts += [_label(party, top + 9)]
        parts += _bars(scale, told.speech[party], top, 6, f"said {party}")
        parts += _bars(scale, told.heard[party], top + 8, 6, f"heard {party}")
    for top, marks, side in ((68, told.reference, "reference"), (84, told.found, "found")):
        parts += [_label(side, top + 10)]
        parts += [_mark(scale, mark, top, 12) for mark in marks]
    for t, address, title in links:
        x = scale.x(t)
        parts.append(
            f'<a href="{escape(address)}"><title>{escape(title)}</title>'
            f'<path class="wrong" d="M{x:.1f} 10l-5 -8h10z"/></a>'
        )
    return _svg(126, "Time line of the call", parts, role="group")


def closeup(exhibit: Exhibit, told: Story) -> str:
    """The moment in its window: the level of both, speech, reference and found."""
    scale = _Scale(exhibit.window)
    moment = exhibit.moment
    focus = Stretch(moment.t0, moment.t1)
    parts = [*_bars(scale, [focus], 0, 236, "focus"), *_axis(scale, 236)]
    for row, party in enumerate(PARTIES):
        top = 8 + 78 * row
        parts.append(_wave(exhibit.levels[row], top, 56, party))
        parts.append(_label(party, top + 12))
        parts += _bars(scale, told.speech[party], top + 59, 5, f"said {party}")
        parts += _bars(scale, told.heard[party], top + 66, 5, f"heard {party}")
    for top, marks, side in ((172, told.reference, "reference"), (204, told.found, "found")):
        parts.append(_label(side, top + 10))
        parts += [_named_mark(scale, mark, top) for mark in _within(marks, exhibit.window)]
    parts.append('<line class="playhead" x1="0" x2="0" y1="0" y2="236"/>')
    return _svg(250, f"{moment.title}, {moment.t0:.1f} s", parts)


class _Scale:
    """Audio time to picture."""

    def __init__(self, window: Stretch) -> None:
        self.window = window
        self._per_s = WIDTH / (window.t1 - window.t0)

    def x(self, t: float) -> float:
        return min(max((t - self.window.t0) * self._per_s, 0.0), WIDTH)


def _annotated(reference: Reference) -> Iterator[Mark]:
    for span in reference.frustration or []:
        yield Mark(span.t0, span.t1, "frustration", "frustration")
    for want in reference.nudges or []:
        how = "allowed" if want.optional else "expected"
        yield Mark(want.after, want.before, "nudge", f"{_spaced(want.nudge)} {how}")
    for overlap in reference.overlaps or []:
        yield Mark(overlap.t0, overlap.t1, overlap.kind, named(overlap.kind, overlap.by))


def _found(heard: Listened) -> Iterator[Mark]:
    on = on_times(heard.moods, heard.alerts, heard.duration_s)
    for alert in on["alert"]:
        yield Mark(alert.t0, alert.t1, "frustration", "alert")
    for nudge in heard.nudges:
        yield Mark(nudge.t, nudge.t, "nudge", f"nudge: {_spaced(nudge.nudge)}")
    for overlap in heard.overlaps:
        yield Mark(overlap.t0, overlap.t1, overlap.kind, named(overlap.kind, overlap.by))


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _within(spans: Sequence[Mark], window: Stretch) -> list[Mark]:
    return [span for span in spans if shared_s(span, window) >= 0]


def _bars(
    scale: _Scale, spans: Iterable[Timed], top: float, height: float, style: str
) -> Iterator[str]:
    for span in spans:
        if shared_s(span, scale.window) > 0:
            yield _rect(scale, span, top, height, style)


def _rect(scale: _Scale, span: Timed, top: float, height: float, style: str) -> str:
    x0 = scale.x(span.t0)
    width = max(scale.x(span.t1) - x0, LEAST_WIDTH)
    return (
        f'<rect class="{style}" x="{x0:.1f}" y="{top:g}" width="{width:.1f}" height="{height:g}"/>'
    )


def _mark(scale: _Scale, mark: Mark, top: float, height: float) -> str:
    title = escape(f"{mark.title}, {mark.t0:.1f}–{mark.t1:.1f} s")
    return f"<g><title>{title}</title>{_rect(scale, mark, top, height, mark.kind)}</g>"


def _named_mark(scale: _Scale, mark: Mark, top: float) -> str:
    x, end = scale.x(mark.t0), scale.x(mark.t1)
    anchor = "start" if x < WIDTH * 0.7 else "end"
    at = x if anchor == "start" else end
    return (
        f"{_mark(scale, mark, top, 12)}"
        f'<text class="name" x="{at:.1f}" y="{top + 23:g}" text-anchor="{anchor}">'
        f"{escape(mark.title)}</text>"
    )


def _wave(levels: F32, top: float, height: float, party: Party) -> str:
    x = np.linspace(0, WIDTH, len(levels))
    middle = top + height / 2
    above = [f"{a:.0f} {middle - height / 2 * b:.1f}" for a, b in zip(x, levels, strict=True)]
    below = [f"{a:.0f} {middle + height / 2 * b:.1f}" for a, b in zip(x, levels, strict=True)]
    return f'<path class="wave {party}" d="M{"L".join(above + below[::-1])}z"/>'


def _axis(scale: _Scale, y: float) -> Iterator[str]:
    window = scale.window
    length_s = window.t1 - window.t0
    step = next((tick for tick in TICKS if length_s / tick <= MOST_TICKS), TICKS[-1])
    t = -(-window.t0 // step) * step
    while t <= window.t1:
        x = scale.x(t)
        yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y:g}"/>'
        yield f'<text class="time" x="{x + 2:.1f}" y="{y + 11:g}">{_clock(t)}</text>'
        t += step


def _clock(t: float) -> str:
    minutes, seconds = divmod(round(t), 60)
    return f"{minutes}:{seconds:02d}"


def _label(text: str, y: float) -> str:
    return f'<text class="row" x="{-GUTTER:g}" y="{y:g}">{escape(text)}</text>'


def _svg(height: float, title: str, parts: Iterable[str], *, role: str = "img") -> str:
    """``role`` "group" where links stand in it, which an image would hide."""
    return (
        f'<svg viewBox="{-GUTTER - 2:g} -2 {GUTTER + WIDTH + 4:g} {height:g}" role="{role}" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
