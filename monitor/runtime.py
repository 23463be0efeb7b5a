"""What every call shares: the ear, the transcriber, the phrases; loaded once, before any call."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from monitor import registry
from monitor.config import AsrSettings, Settings
from monitor.cues import Phrases
from monitor.engines import Engine
from monitor.events import CallStarted
from monitor.hearing import Hearing
from monitor.policy import Policy
from monitor.resources import resource
from monitor.session import Session, Sink
from monitor.sources import Source
from monitor.transcriber import Transcriber


def new_call_id() -> str:
    return uuid.uuid4().hex[:12]


class Runtime:
    """Shared and stateless towards calls; all state of a call is in its Session."""

    def __init__(
        self,
        settings: Settings,
        phrases: Phrases,
        hearing: Hearing,
        transcriber: Transcriber | None,
        model: str | None,
    ) -> None:
        self.settings = settings
        self.phrases = phrases
        self.hearing = hearing
        self.transcriber = transcriber
        self._model = model

    @classmethod
    async def start(
        cls,
        settings: Settings,
        *,
        words: bool = True,
        make_engine: Callable[[AsrSettings], Engine] | None = None,
    ) -> Self:
        """Load everything; ``make_engine`` in place of the one the settings name.

        Raises WeightsError, EngineError, ConfigError or UnknownName, with the fix: what
        would fail each call fails here.
        """
        Policy(settings.nudges)
        hearing = Hearing()
        phrases = Phrases.load(resource("models") / "phrases" / "en.toml")
        if not words:
            await hearing.start()
            return cls(settings, phrases, hearing, None, None)
        create = make_engine or registry.load("monitor.engines", settings.asr.engine).create
        engine, _ = await asyncio.gather(asyncio.to_thread(create, settings.asr), hearing.start())
        transcriber = Transcriber(engine, settings.asr)
        await transcriber.start()
        return cls(settings, phrases, hearing, transcriber, engine.model)

    async def close(self) -> None:
        if self.transcriber is not None:
            await self.transcriber.close()
        await self.hearing.close()

    def session(
        self,
        source: Source,
        sink: Sink,
        *,
        recorded: bool = False,
        call_id: str | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Session:
        """A call that is ready to run."""
        info = source.info
        started = CallStarted(
            call_id=call_id or new_call_id(),
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            source=info.source,
            title=info.title,
            agent=info.agent,
            customer=info.customer,
            live=info.live,
            words=self._model,
            separated=info.separated,
            limits=list(info.limits),
        )
        return Session(
            started,
            source,
            settings=self.settings,
            phrases=self.phrases,
            hearing=self.hearing,
            transcriber=self.transcriber,
            sink=sink,
            recorded=recorded,
            progress=progress,
        )
