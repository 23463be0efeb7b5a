"""How people take turns: the figures of real conversations, and of calls laid on their timing.

    python samples/figures.py FOLDER ...

A FOLDER holds TextGrids or RTTMs (samples/timing.py), or laid calls with their NAME.ref.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples import labels
from samples.labels import Kind
from samples.timing import PARTIES, Conversation, Interval, TimingError, usable

KINDS: tuple[Kind, ...] = ("backchannel", "terminal", "talk_over", "interruption")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some conversations together."""

    conversations: int
    minutes: float
    turns_per_min: float
    fto_median_s: float
    """Floor-transfer offset: from the end of a turn to the begin of the other's next one."""
    overlapped: float
    """Share of the floor transfers with a negative offset."""
    together: float
    """Share of the time in which both speak."""
    per_10_min: dict[Kind, float]


def figures(conversations: Sequence[Conversation]) -> Figures:
    """Raises TimingError where nobody takes a turn from anybody."""
    duration_s = together_s = 0.0
    ftos_s: list[float] = []
    kinds: Counter[Kind] = Counter()
    turns = 0
    for conversation in conversations:
        taken = labels.turns(conversation)
        turns += len(taken)
        ftos_s += [after.t0 - before.t1 for (_, before), (_, after) in pairwise(taken)]
        kinds.update(label.kind for label in labels.overlaps(conversation))
        duration_s += conversation.duration_s
        together_s += sum(
            max(0.0, min(a.t1, b.t1) - max(a.t0, b.t0))
            for a in conversation.agent
            for b in conversation.customer
        )
    if not ftos_s:
        raise TimingError("nobody takes a turn from anybody")
    return Figures(
        conversations=len(conversations),
        minutes=duration_s / 60,
        turns_per_min=turns / duration_s * 60,
        fto_median_s=median(ftos_s),
        overlapped=sum(fto_s < 0 for fto_s in ftos_s) / len(ftos_s),
        together=together_s / duration_s,
        per_10_min={kind: kinds[kind] / duration_s * 600 for kind in KINDS},
    )


def laid(folder: Path) -> list[Conversation]:
    """The timing of laid calls, as their references say it."""
    return [_reference(path) for path in sorted(folder.glob("*.ref.json"))]


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    options = parser.parse_args(arguments)
    heads = ("calls", "min", "turns/min", "FTO s", "overlapped", "together", *KINDS)
    print(f"{'':20}", *(f"{head:>11}" for head in heads), " (kinds: in 10 min)")
    try:
        for folder in options.folders:
            of = figures(laid(folder) or usable(folder))
            shares = (f"{of.overlapped:.0%}", f"{of.together:.1%}")
            values = (of.conversations, f"{of.minutes:.0f}", f"{of.turns_per_min:.1f}")
            kinds = (f"{of.per_10_min[kind]:.1f}" for kind in KINDS)
            row = (*values, f"{of.fto_median_s:+.2f}", *shares, *kinds)
            print(f"{folder.name:20}", *(f"{value:>11}" for value in row))
    except TimingError as error:
        print(f"figures: {error}", file=sys.stderr)
        return 2
    return 0


def _reference(path: Path) -> Conversation:
    reference = json.loads(path.read_text(encoding="utf-8"))
    speech = {
        party: tuple(
            Interval(span["t0"], span["t1"], span.get("text", ""))
            for span in reference.get("speech", [])
            if span["party"] == party
        )
        for party in PARTIES
    }
    name = path.name.removesuffix(".ref.json")
    return Conversation(name, speech["agent"], speech["customer"], reference["duration_s"])


if __name__ == "__main__":
    sys.exit(main())
