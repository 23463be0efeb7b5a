"""What every call shares: the ear, the transcriber, the phrases; loaded once, before any call."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from monitor import registry
from monitor.config import AsrSettings, ConfigError, Settings
from monitor.encoder import Encoder
from monitor.engines import Engine
from monitor.events import CallStarted
from monitor.hearing import Hearing
from monitor.meaning import Meaning
from monitor.misheard import Misheard
from monitor.phrases import PhraseError, Phrases
from monitor.playbook import Playbook
from monitor.policy import Policy
from monitor.reader import Reader
from monitor.resources import resource
from monitor.session import Session, Sink
from monitor.sources import Source
from monitor.threads import children_named, show_names
from monitor.transcriber import Transcriber
from monitor.weights import ENCODER_MISSING, find_encoder

log = logging.getLogger(__name__)

USUAL = "en"
"""The language of the phrases where that of a call is only found out on the way."""

ENGINE = "engine"
"""The name of the threads that a speech-to-text library makes for itself."""
ENCODER = "meaning"
"""… and the encoder of sentences."""


def new_call_id() -> str:
    return uuid.uuid4().hex[:12]


def _created(create: Callable[[AsrSettings], Engine], settings: AsrSettings) -> Engine:
    with children_named(ENGINE):
        return create(settings)


def phrases_of(language: str | None, folder: Path | None = None) -> Phrases:
    """The families of a language (ISO 639-1); none at all for one that nobody has written any for.

    None, found out call by call: those of ``USUAL``, for the calls that turn out to be in it.
    ``folder``: where the phrase files are, ours by default. Raises ConfigError.
    """
    folder = folder or resource("models") / "phrases"
    files = {path.stem: path for path in folder.glob("*.toml")}
    wanted = language or USUAL
    if wanted not in files:
        return Phrases(wanted, (), Misheard([], []))
    try:
        phrases = Phrases.load(files[wanted])
    except (OSError, UnicodeDecodeError, PhraseError) as error:
        raise ConfigError(f"{files[wanted]}: {error}") from error
    if phrases.language != wanted:
        raise ConfigError(f'{files[wanted]}: language = "{wanted}" is missing')
    return phrases


def learned_of(settings: AsrSettings) -> Path | None:
    """The file of what sentences mean in the language; None where nobody has learned it."""
    path = resource("models") / "meaning" / f"{settings.language or USUAL}.json"
    return path if path.is_file() else None


def meaning_of(settings: AsrSettings) -> Meaning | None:
    """What tells the meaning of sentences; None where it is switched off, not learned for the
    language or not installed. Blocks. Raises WeightsError for wrong files."""
    path = learned_of(settings)
    if not settings.meaning or path is None:
        return None
    found = find_encoder(settings)
    if found is None:
        log.warning("only phrases are heard in the words, not what they mean: %s", ENCODER_MISSING)
        return None
    with children_named(ENCODER):
        return Meaning.load(path, Encoder(found.folder))


def _check_learned(meaning: Meaning, phrases: Phrases) -> None:
    """A phrase counts only where the meaning bears it out, so this must know its family."""
    for party, families in meaning.by_party.items():
        asked = {family.name for family in phrases.of(party) if family.by_meaning}
        if unknown := sorted(asked - set(families.names)):
            raise ConfigError(
                f"models/phrases: by_meaning of {', '.join(unknown)}: models/meaning has learned "
                f"no such family of the {party}; take it out, or learn it (docs/meaning.md)"
            )


async def _reader(meaning: Meaning | None, phrases: Phrases) -> Reader | None:
    if meaning is None:
        return None
    _check_learned(meaning, phrases)
    reader = Reader(meaning)
    await reader.start()
    return reader


class Runtime:
    """Shared and stateless towards calls; all state of a call is in its Session."""

    def __init__(
        self,
        settings: Settings,
        phrases: Phrases,
        hearing: Hearing,
        transcriber: Transcriber | None,
        model: str | None,
        playbook: Playbook | None = None,
        reader: Reader | None = None,
    ) -> None:
        """``playbook``: without one the nudges of the settings hold for everyone. ``reader``:
        without one only phrases are heard in the words."""
        self.settings = settings
        self.playbook = playbook or Playbook(settings.nudges)
        self.phrases = phrases
        self.hearing = hearing
        self.transcriber = transcriber
        self._model = model
        self._reader = reader

    @classmethod
    async def start(
        cls,
        settings: Settings,
        *,
        words: bool = True,
        make_engine: Callable[[AsrSettings], Engine] | None = None,
    ) -> Self:
        """Load everything; ``make_engine`` in place of the one the settings name.

        Raises WeightsError, EngineError, ConfigError or UnknownName, with the
        fix: what would fail each call fails here.
        """
        playbook = Playbook.of(settings)
        for agent_id in ("", *playbook.agents):
            Policy(playbook.in_force(agent_id).nudges)
        hearing = Hearing()
        phrases = phrases_of(settings.asr.language)
        if not words:
            await hearing.start()
            show_names()
            return cls(settings, phrases, hearing, None, None, playbook)
        create = make_engine or registry.load("monitor.engines", settings.asr.engine).create
        made = asyncio.create_task(asyncio.to_thread(_created, create, settings.asr))
        learned = asyncio.create_task(asyncio.to_thread(meaning_of, settings.asr))
        try:
            await hearing.start()
            reader = await _reader(await learned, phrases)
            engine = await made
        except BaseException:
            # A thread that still loads a library while the process exits aborts it.
            await asyncio.gather(made, learned, return_exceptions=True)
            await hearing.close()
            raise
        transcriber = Transcriber(engine, settings.asr)
        await transcriber.start()
        show_names()
        return cls(settings, phrases, hearing, transcriber, engine.model, playbook, reader)

    async def close(self) -> None:
        if self.transcriber is not None:
            await self.transcriber.close()
        if self._reader is not None:
            self._reader.close()
        await self.hearing.close()

    def session(
        self,
        source: Source,
        sink: Sink,
        *,
        recorded: bool = False,
        call_id: str | None = None,
        progress: Callable[[float], None] | None = None,
        hot_calls: int = 0,
    ) -> Session:
        """A call that is ready to run, under the policy of its agent at this hour.

        ``hot_calls``: of this agent in the hour before."""
        info = source.info
        now = datetime.now(UTC)
        nudges = self.playbook.in_force(info.agent.id, now).nudges
        started = CallStarted(
            call_id=call_id or new_call_id(),
            started_at=now.isoformat(timespec="milliseconds"),
            source=info.source,
            title=info.title,
            agent=info.agent,
            customer=info.customer,
            live=info.live,
            words=self._model,
            separated=info.separated,
            limits=list(info.limits),
            hot_calls=hot_calls,
        )
        return Session(
            started,
            source,
            settings=self.settings.model_copy(update={"nudges": nudges}),
            phrases=self.phrases,
            hearing=self.hearing,
            transcriber=self.transcriber,
            reader=self._reader,
            sink=sink,
            recorded=recorded,
            progress=progress,
        )
