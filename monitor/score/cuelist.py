"""Lists of sentences and the families they are of, from CSV."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.events import PARTIES, Party
from monitor.score import ScoreError
from monitor.score.csvlist import lines

NEEDED: Final = ("party", "families", "text")
NONE: Final = "-"
"""May stand where a sentence is of no family; so may nothing."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and all that it does: the families it is of, none for most."""

    party: Party
    families: frozenset[str]
    text: str


def read(
    source: Path, where: Sequence[str] = (), known: Collection[tuple[Party, str]] | None = None
) -> list[Sentence]:
    """The rows of ``source`` that fit every COLUMN=VALUE of ``where``. ``known``: the families
    that there are, with their party. Raises ScoreError, which names the list and the line."""
    found: list[Sentence] = []
    for place, cells in lines(source, NEEDED, (), where):
        party = next((one for one in PARTIES if one == cells["party"]), None)
        if party is None:
            raise ScoreError(f"{place}: party is agent or customer, not {cells['party']!r}")
        if not cells["text"]:
            raise ScoreError(f"{place}: no text")
        families = frozenset(cells["families"].split()) - {NONE}
        for family in sorted(families):
            if known is not None and (party, family) not in known:
                there = ", ".join(sorted(name for one, name in known if one == party))
                raise ScoreError(f"{place}: no family {family!r} of the {party}; there is: {there}")
        found.append(Sentence(party, families, cells["text"]))
    if not found:
        raise ScoreError(f"{source}: there is no sentence in it that fits")
    return found
