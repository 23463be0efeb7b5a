"""Transcripts to transcripts that say what they mean, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from monitor.events import Transcript
from monitor.meaning import Meaning

log = logging.getLogger(__name__)


class Reader:
    """Of all calls. A sentence takes about 1.5 ms, and 40 calls say some twenty a second."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="meaning")
        self._failing = False

    async def read(self, transcript: Transcript) -> Transcript:
        """The same with ``meant``, unless it is in another language or nothing can be told."""
        if not transcript.text or transcript.language not in (None, self._meaning.language):
            return transcript
        loop = asyncio.get_running_loop()
        try:
            meant = await loop.run_in_executor(
                self._thread, self._meaning.read, transcript.text, transcript.party
            )
        except RuntimeError as error:  # the encoder's; phrases are heard without it
            if not self._failing:
                log.error("what sentences mean cannot be told: %s", error)
            self._failing = True
            return transcript
        self._failing = False
        return transcript.model_copy(update={"meant": meant})

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
