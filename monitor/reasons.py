"""Why a nudge is needed, and how it was done: facts in the core, words in templates.

A nudge's file has its sentences in ``REASONS``, in English; a team may put others in their
place, in its own language. So a nudge gives a ``Reason``, which names one of them and the values
in it, and only who knows the team's words makes evidence of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from monitor.config import ConfigError
from monitor.events import Evidence, EvidenceKind

Templates = Mapping[str, str]
Value = float | str

NAMED_BY_UNIT = {"s": "seconds", "count": "count", "x": "ratio", "dB": "db"}
"""What a template calls the number behind the reason."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Evidence without words: ``key`` names a template, ``named`` the values in it."""

    key: str
    kind: EvidenceKind
    t: float  # audio time at which it arose, s
    value: float
    unit: str
    named: Mapping[str, Value]

    def said(self, templates: Templates) -> Evidence:
        """In the words of these templates."""
        named = dict(self.named)
        if self.unit in NAMED_BY_UNIT:
            named.setdefault(NAMED_BY_UNIT[self.unit], self.value)
        return Evidence(
            kind=self.kind,
            t=self.t,
            text=templates[self.key].format(**named),
            value=self.value,
            unit=self.unit,
        )


def reason(
    key: str, kind: EvidenceKind, t: float, value: float = 0.0, unit: str = "", **named: Value
) -> Reason:
    """``value`` in ``unit``: the number behind it, which a template knows by its unit, too."""
    return Reason(key, kind, t, value, unit, named)


def in_words(written: Templates, others: Templates, where: str) -> Templates:
    """The templates of a nudge with a team's ``others`` in their place. Raises ConfigError, which
    begins with ``where``, for a reason that the nudge does not give or a value that it lacks."""
    for key, template in others.items():
        if key not in written:
            raise ConfigError(f"{where} has no reason {key!r}; there is: {', '.join(written)}")
        there = _values(written[key])
        try:
            unknown = sorted(_values(template) - there)
        except ValueError as error:
            raise ConfigError(f"{where}, reason {key!r}: {error}") from error
        if unknown:
            known = ", ".join(sorted(there)) or "none"
            raise ConfigError(f"{where}, reason {key!r}: no {unknown[0]}; there is: {known}")
    return {**written, **others}


def _values(template: str) -> set[str]:
    """The values in it, as they stand there: ``{seconds:.0f}``. Raises ValueError where a brace
    is left open."""
    return {
        "{" + name + (f"!{how}" if how else "") + (f":{form}" if form else "") + "}"
        for _, name, form, how in Formatter().parse(template)
        if name is not None
    }
