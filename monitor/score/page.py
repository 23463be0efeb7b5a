"""A score as one page: figures, calls on time lines, and all that went wrong to see and hear.

One HTML file that needs no network and, but for the keys and the filter, no script.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from monitor.score import pictures
from monitor.score.annotated import AnnotatedCall
from monitor.score.exhibits import Exhibit, Exhibits
from monitor.score.listening import Listened
from monitor.score.moments import GRAVEST_FIRST
from monitor.score.scoring import ScoredCall
from monitor.score.spans import Stretch, shared_s
from monitor.score.tables import Grid, by_call

TEMPLATE: Final = Path(__file__).with_name("page.html")
MOST_CLIP_BYTES: Final = 18 * 1024 * 1024
"""Of sound in one page, 24 MB as text: a browser opens it at once, a mail server takes it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What was scored, and with what."""

    title: str
    facts: Sequence[str]


def html(
    heading: Heading,
    parts: Iterable[Grid | str],
    calls: Sequence[tuple[AnnotatedCall, ScoredCall]],
    exhibits: Exhibits,
) -> str:
    """The whole page."""
    shown = [exhibit for number in range(len(calls)) for exhibit in exhibits.of_call(number)]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(heading.title),
        facts="".join(f"<li>{escape(fact)}</li>" for fact in heading.facts),
        figures="".join(_figure(part) for part in parts)
        + _figure(by_call([scored for _, scored in calls]), links="#c{}"),
        filters="".join(_filters(shown)),
        capped=_capped(exhibits),
        calls="".join(
            _call(number, call, scored, exhibits.of_call(number))
            for number, (call, scored) in enumerate(calls)
        ),
    )


def _figure(part: Grid | str, links: str = "") -> str:
    """``links``: address of each row's name, with its number for {}."""
    if isinstance(part, str):
        return f"<p>{escape(part)}</p>"
    head = "".join(f'<th scope="col">{_lines(column)}</th>' for column in part.columns)
    rows = "".join(
        f'<tr><th scope="row">{_linked(escape(row[0]), links.format(number))}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for number, row in enumerate(part.rows)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(part.title)}">'
        f"<table><caption>{escape(part.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _linked(text: str, address: str) -> str:
    return f'<a href="{address}">{text}</a>' if address else text


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _filters(shown: Sequence[Exhibit]) -> Iterator[str]:
    counts = Counter(exhibit.moment.what for exhibit in shown)
    for what in GRAVEST_FIRST:
        if counts[what]:
            name = what.replace("_", "-")
            yield (
                f'<label><input type="checkbox" value="{what}" checked> '
                f'<i class="key {what}"></i>{name} <b>{counts[what]}</b></label>'
            )


def _capped(exhibits: Exhibits) -> str:
    if not exhibits.count:
        return "<p>Nothing was missed and nothing was found that is not there.</p>"
    if not exhibits.without_clip:
        return ""
    return (
        f"<p>{exhibits.without_clip} of {exhibits.count} have no sound here: one page holds "
        f"{MOST_CLIP_BYTES // 1024 // 1024} MB of it, and the gravest come first.</p>"
    )


def _call(number: int, call: AnnotatedCall, scored: ScoredCall, exhibits: Sequence[Exhibit]) -> str:
    told = pictures.story(call.reference, scored.heard)
    ids = [f"c{number}m{k}" for k in range(len(exhibits))]
    links = [
        (exhibit.moment.t0, f"#{at}", f"{exhibit.moment.title}, {exhibit.moment.t0:.1f} s")
        for at, exhibit in zip(ids, exhibits, strict=True)
    ]
    title = f" · {escape(call.reference.title)}" if call.reference.title else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in scored.notes)
    return (
        f'<section class="call" id="c{number}"><h2>{escape(call.name)}{title}</h2>{notes}'
        f"{pictures.overview(told, scored.heard.duration_s, links)}"
        + "".join(
            _exhibit(at, exhibit, told, scored.heard)
            for at, exhibit in zip(ids, exhibits, strict=True)
        )
        + "</section>"
    )


def _exhibit(at: str, exhibit: Exhibit, told: pictures.Story, heard: Listened) -> str:
    moment, window = exhibit.moment, exhibit.window
    said = "".join(f"<li>{escape(text)}</li>" for text in moment.said)
    words = "".join(_words(heard, window))
    clip = "<p>No room for its sound.</p>"
    if exhibit.flac:
        data = base64.b64encode(exhibit.flac).decode()
        clip = (
            f'<audio controls preload="none" aria-label="Agent left, customer right" '
            f'src="data:audio/flac;base64,{data}"></audio>'
        )
    return (
        f'<article id="{at}" tabindex="-1" data-what="{moment.what}" '
        f'data-length="{window.t1 - window.t0:.3f}">'
        f'<h3><i class="key {moment.what}"></i>{escape(moment.title)} '
        f"<small>{_when(moment.t0, moment.t1)}</small></h3>"
        f"{pictures.closeup(exhibit, told)}{clip}"
        + (f'<ul class="told">{said}</ul>' if said else "")
        + (f'<ul class="words">{words}</ul>' if words else "")
        + "</article>"
    )


def _when(t0: float, t1: float) -> str:
    return f"{t0:.1f} s" if t0 == t1 else f"{t0:.1f}–{t1:.1f} s"


def _words(heard: Listened, window: Stretch) -> Iterator[str]:
    for words in sorted(heard.words, key=lambda words: words.t0):
        if words.text and shared_s(words, window) > 0:
            yield f'<li><b class="{words.party}">{words.party}</b> {escape(words.text)}</li>'
