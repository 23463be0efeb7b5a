"""Transcripts to transcripts that say what they mean, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor

from monitor.events import Meant, Transcript
from monitor.meaning import Meaning

log = logging.getLogger(__name__)

WITHIN_S = 1.0
"""A sentence takes about 1.5 ms, and 40 calls say some twenty a second."""
MOST_WAITING = 64
"""Transcripts; with more before it one goes on unread, as it does when reading fails."""


class Reader:
    """Of all calls. What it cannot read in time is heard by phrases alone."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="meaning")
        self._asked: list[Future[list[Meant]]] = []
        self._failing = False

    async def read(self, transcript: Transcript) -> Transcript:
        """The same with ``meant``, unless it is in another language or nothing can be told."""
        if not transcript.text or transcript.language not in (None, self._meaning.language):
            return transcript
        self._asked = [one for one in self._asked if not one.done()]
        if len(self._asked) >= (1 if self._failing else MOST_WAITING):
            return transcript
        try:
            asked = self._thread.submit(self._meaning.read, transcript.text, transcript.party)
            self._asked.append(asked)
            async with asyncio.timeout(WITHIN_S):
                meant = await asyncio.shield(asyncio.wrap_future(asked))
        except TimeoutError:
            self._fail(f"no answer within {WITHIN_S:g} s")
            return transcript
        except RuntimeError as error:  # the encoder's, or of a thread that was closed
            self._fail(str(error))
            return transcript
        self._failing = False
        return transcript.model_copy(update={"meant": meant})

    def _fail(self, reason: str) -> None:
        if not self._failing:
            log.error("what sentences mean cannot be told: %s", reason)
        self._failing = True

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
