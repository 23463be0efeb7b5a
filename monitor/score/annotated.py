"""Calls with a reference beside them, found on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.events import Person
from monitor.score import ScoreError
from monitor.score.reference import SUFFIX, Reference, Span, load
from monitor.sources import SourceError
from monitor.sources.wav import WavSource

AUDIO = frozenset(
    {".wav", ".flac", ".mp3", ".m4a", ".mp4", ".ogg", ".oga", ".opus", ".aac", ".au"}
    | {".aif", ".aiff", ".amr", ".webm", ".wma"}
)
AGENT = "_agent"
CUSTOMER = ("_customer", "_caller")
BEYOND_S = 0.5
"""A label may end so long after the audio: people round up, files are cut at a block."""


@dataclass(frozen=True, slots=True)
class AnnotatedCall:
    """A recording and what a careful listener says happened in it."""

    name: str
    path: Path  # of the reference
    reference: Reference
    audio: tuple[Path, ...]  # both channels, or the agent's and the customer's
    duration_s: float
    separated: bool  # False: both parties share one channel

    @property
    def files(self) -> tuple[Path, ...]:
        return self.path, *self.audio

    def open(self) -> WavSource:
        """Raises SourceError where the files have gone or changed since."""
        customer = Person(name=self.reference.customer_name or "")
        if len(self.audio) == 2:
            return WavSource(
                agent_path=self.audio[0], customer_path=self.audio[1], customer=customer
            )
        return WavSource(
            self.audio[0], agent_channel=self.reference.agent_channel, customer=customer
        )


def find(places: Sequence[Path]) -> list[AnnotatedCall]:
    """Every ``NAME.ref.json`` in these folders and below, or these files, with its audio.

    The audio stands beside it: ``NAME.flac`` (or another format) with two channels, or one
    mono file for each party, ``NAME_agent.flac`` and ``NAME_customer.flac`` (or
    ``NAME_caller.flac``). Raises ScoreError, which names the file, before anything is heard.
    """
    references: dict[Path, str] = {}
    for place in places:
        for path, name in _references(place):
            references.setdefault(path.resolve(), name)
    names = list(references.values())
    return [
        _call(path, name if names.count(name) == 1 else str(path.with_name(_stem(path))))
        for path, name in references.items()
    ]


def _references(place: Path) -> list[tuple[Path, str]]:
    """References and the names of their calls."""
    if place.is_dir():
        found = sorted(place.rglob(f"*{SUFFIX}"))
        if not found:
            raise ScoreError(
                f"there is no NAME{SUFFIX} in {place}: annotate a call first (docs/references.md)"
            )
        return [(path, str(path.relative_to(place).with_name(_stem(path)))) for path in found]
    itself = place.name.endswith(SUFFIX) or not place.exists()
    path = place if itself else _reference_of(place)
    if not path.is_file():
        raise ScoreError(f"there is no {path}")
    return [(path, _stem(path))]


def _stem(reference: Path) -> str:
    return reference.name.removesuffix(SUFFIX)


def _reference_of(audio: Path) -> Path:
    stems = [audio.stem]
    stems += [audio.stem.removesuffix(end) for end in (AGENT, *CUSTOMER) if end in audio.stem]
    candidates = [audio.with_name(stem + SUFFIX) for stem in stems]
    return next((path for path in candidates if path.is_file()), candidates[0])


def _call(path: Path, name: str) -> AnnotatedCall:
    reference = load(path)
    audio = _audio(path)
    call = AnnotatedCall(name, path, reference, audio, duration_s=0.0, separated=True)
    try:
        info = call.open().info
    except SourceError as error:
        raise ScoreError(f"{path}: its audio cannot be used: {error}") from error
    duration_s = info.duration_s or 0.0
    for part, end_s in _ends(reference):
        if end_s > duration_s + BEYOND_S:
            raise ScoreError(
                f"{path}: {part} goes on to {end_s:g} s, but {audio[0].name} ends at "
                f"{duration_s:.1f} s"
            )
    return AnnotatedCall(name, path, reference, audio, duration_s, info.separated)


def _audio(reference: Path) -> tuple[Path, ...]:
    stem = _stem(reference)
    here = [path for path in reference.parent.iterdir() if path.suffix.lower() in AUDIO]
    both = _only(path for path in here if path.stem == stem)
    agent = _only(path for path in here if path.stem == stem + AGENT)
    customer = _only(path for path in here if path.stem in [stem + end for end in CUSTOMER])
    if both is not None:
        return (both,)
    if agent is not None and customer is not None:
        return agent, customer
    if agent is None and customer is None:
        raise ScoreError(
            f"{reference}: there is no audio beside it: {stem}.wav (or .flac …) with two channels, "
            f"or {stem}{AGENT}.wav and {stem}{CUSTOMER[0]}.wav"
        )
    missing = AGENT if agent is None else CUSTOMER[0]
    raise ScoreError(f"{reference}: {stem}{missing}.wav (or .flac …) is missing beside it")


def _only(paths: Iterable[Path]) -> Path | None:
    found = sorted(paths)
    if len(found) > 1:
        raise ScoreError(f"{found[0]} and {found[1].name}: which one is it? Keep one of them")
    return found[0] if found else None


def _ends(reference: Reference) -> Iterable[tuple[str, float]]:
    parts: dict[str, Sequence[Span] | None] = {
        "turns": reference.turns,
        "speech": reference.speech,
        "overlaps": reference.overlaps,
        "frustration": reference.frustration,
        "words": reference.words,
    }
    for name, spans in parts.items():
        if spans:
            yield name, max(span.t1 for span in spans)
    if reference.nudges:
        yield "nudges", max(nudge.after for nudge in reference.nudges)
