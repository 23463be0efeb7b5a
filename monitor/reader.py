"""Transcripts to transcripts that say what they mean, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from monitor.events import Meant, Transcript
from monitor.meaning import Meaning
from monitor.weights import WeightsError
from monitor.worker import Worker

log = logging.getLogger(__name__)

READER = "meaning"
"""The name of its thread."""
WITHIN_S = 1.0
"""A sentence takes about 1.5 ms, and 40 calls say some twenty a second."""
MOST_WAITING = 64
"""Transcripts; with more before it one goes on unread, as it does when reading fails."""
CLOSE_GRACE_S = 1.0


class Reader:
    """Of all calls. What it cannot read in time is heard by phrases alone."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._worker = Worker(READER)
        self._asked: list[asyncio.Future[list[Meant]]] = []
        self._failing = False
        self._closed = False

    async def start(self) -> None:
        """Read something. Raises WeightsError where that fails."""
        try:
            await self._worker.run(partial(self._meaning.read, "Hello?", "customer"))
        except RuntimeError as error:
            raise WeightsError(f"the text encoder fails: {error}") from error

    async def read(self, transcript: Transcript, *, patient: bool = False) -> Transcript:
        """The same with ``meant``, unless it is in another language or nothing can be told.
        ``patient``: of a recording, which waits as long as it takes."""
        unknown = transcript.language not in (None, self._meaning.language)
        if self._closed or unknown or not transcript.text:
            return transcript
        self._asked = [one for one in self._asked if not one.done()]
        if not patient and len(self._asked) >= (1 if self._failing else MOST_WAITING):
            return transcript
        work = partial(self._meaning.read, transcript.text, transcript.party)
        asked = self._worker.run(work)
        self._asked.append(asked)
        try:
            async with asyncio.timeout(None if patient else WITHIN_S):
                meant = await asyncio.shield(asked)
        except TimeoutError:
            asked.add_done_callback(_retrieve)
            self._fail(f"no answer within {WITHIN_S:g} s")
            return transcript
        except RuntimeError as error:  # the encoder's
            self._fail(str(error))
            return transcript
        self._failing = False
        return transcript.model_copy(update={"meant": meant})

    def _fail(self, reason: str) -> None:
        if not self._failing:
            log.error("what sentences mean cannot be told: %s", reason)
        self._failing = True

    def close(self) -> None:
        """Answer what was asked until now, where that does not take long."""
        self._closed = True
        self._worker.stop(CLOSE_GRACE_S)


def _retrieve(asked: asyncio.Future[list[Meant]]) -> None:
    """Nobody waits for it any more; asyncio need not complain of what it raised."""
    if not asked.cancelled():
        asked.exception()
