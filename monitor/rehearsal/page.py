"""A what-if as one page: what would be shown and what would not, to be heard where it happened.

One HTML file that needs no network and no script.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final, Literal

from monitor.events import NudgeOpened, Words
from monitor.rehearsal.whatif import Difference, PastCall, Total
from monitor.score.exhibits import flac_of
from monitor.terminal import clock

TEMPLATE: Final = Path(__file__).with_name("page.html")
BEFORE_S: Final = 10.0
AFTER_S: Final = 4.0
MOST_CLIP_BYTES: Final = 18 * 1024 * 1024


def html(title: str, facts: Sequence[str], calls: Sequence[tuple[PastCall, Difference]]) -> str:
    """The whole page; clips as long as there is room."""
    left = MOST_CLIP_BYTES
    sections: list[str] = []
    for past, told in calls:
        text, used = _call(past, told, left)
        left -= used
        sections.append(text)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        facts="".join(f"<li>{escape(fact)}</li>" for fact in facts),
        calls="".join(sections),
    )


def facts(found: Total) -> list[str]:
    """What changed, in sentences."""
    told = [
        f"{found.calls} calls, {found.hours * 60:.1f} min; {found.changed} would be different",
        f"nudges: {found.before} now, {found.after} then ({found.kept} the same, "
        f"{found.gained} gained, {found.lost} lost)",
    ]
    if found.hits and found.missed and found.unexpected_per_h:
        told.append(
            f"against the references of {found.annotated} calls: due and opened "
            f"{found.hits[0]} → {found.hits[1]}, due and not opened "
            f"{found.missed[0]} → {found.missed[1]}, not due "
            f"{found.unexpected_per_h[0]:.1f} → {found.unexpected_per_h[1]:.1f} per hour"
        )
    return told


def _call(past: PastCall, told: Difference, room: int) -> tuple[str, int]:
    changes = sorted(
        [*(("gained", nudge) for nudge in told.gained), *(("lost", nudge) for nudge in told.lost)],
        key=lambda pair: pair[1].t,
    )
    used = 0
    articles: list[str] = []
    for how, nudge in changes:
        clip = b""
        t0 = max(0.0, nudge.t - BEFORE_S)
        if past.cut is not None:
            clip = flac_of(past.cut(t0, min(told.duration_s, nudge.t + AFTER_S)))
            clip = clip if used + len(clip) <= room else b""
            used += len(clip)
        articles.append(_article("gained" if how == "gained" else "lost", nudge, told.words, clip))
    same = f"{told.kept} the same" if told.kept else "none the same"
    body = "".join(articles) or "<p>Nothing would be different.</p>"
    return (
        f"<section><h2>{escape(told.name)}</h2><p>{len(told.before)} nudges now, "
        f"{len(told.after)} then, {same}. New policy: {escape(', '.join(told.layers))}.</p>"
        f"{body}</section>",
        used,
    )


def _article(
    how: Literal["gained", "lost"], nudge: NudgeOpened, words: Sequence[Words], clip: bytes
) -> str:
    data = base64.b64encode(clip).decode()
    sound = (
        f'<audio controls preload="none" aria-label="Agent left, customer right" '
        f'src="data:audio/flac;base64,{data}"></audio>'
        if clip
        else "<p>No sound is kept of it, or the page has no room for it.</p>"
    )
    said = "".join(_said(words, nudge.t - BEFORE_S, nudge.t + AFTER_S))
    return (
        f'<article class="{how}"><h3>{"Would be shown" if how == "gained" else "No longer shown"}: '
        f"{escape(nudge.title)} <small>{clock(nudge.t)}</small></h3><p>{escape(nudge.why)}</p>"
        f"{sound}" + (f"<ul>{said}</ul>" if said else "") + "</article>"
    )


def _said(words: Sequence[Words], t0: float, t1: float) -> Iterator[str]:
    for one in sorted(words, key=lambda one: one.t0):
        if one.text and one.t0 < t1 and one.t1 > t0:
            yield f'<li><b class="{one.party}">{one.party}</b> {escape(one.text)}</li>'
