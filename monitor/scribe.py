"""An utterance's way to its transcript: cut from the tape, decoded, put in time, redacted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.config import Settings
from monitor.engines import Decoded, EngineError
from monitor.events import PARTIES, Party, Transcript, Utterance, Word
from monitor.redaction import Redactor
from monitor.tape import Tape
from monitor.transcriber import Expired, Job, Shed, Transcriber

PRE_ROLL_S = 0.2
POST_ROLL_S = 0.15
"""Audio decoded beyond both ends of an utterance: voice activity clips soft onsets."""
MUTE_EDGE_S = 0.15
"""Silenced beyond both ends of a number: the times of words are so far off."""
TAPE_S = 20.0
"""The longest utterance is 12 s; what is heard behind it in one piece is 4 s at most."""

NO_WORDS = (EngineError, Expired, Shed)
"""Why there may be no words; the message is for the screens."""


class Scribe:
    """The words of one call. Without a transcriber it writes nothing down."""

    def __init__(
        self,
        call_id: str,
        transcriber: Transcriber | None,
        settings: Settings,
        *,
        patient: bool,
        mute: Callable[[Party, float, float], None],
    ) -> None:
        """``patient``: nobody waits for the words in the moment. ``mute`` is called with the
        spans of a party's audio, in audio time, whose words were redacted."""
        self._call_id = call_id
        self._transcriber = transcriber
        self._patient = patient
        self._mute = mute
        # With nobody to write down what is on it, it would be most of a call's memory.
        self._tape = Tape(2, TAPE_S if transcriber is not None else 0.0)
        # Kept for the call: a number may be read out over several utterances.
        self._redactor = Redactor() if settings.privacy.redact_digits else None

    def hear(self, pcm: NDArray[np.float32]) -> None:
        """Remember audio, float32 (2, samples)."""
        if self._transcriber is not None:
            self._tape.write(pcm)

    def skip(self, samples: int) -> None:
        """There is no audio for so long."""
        if self._transcriber is not None:
            self._tape.skip(samples)

    async def room(self) -> None:
        """Wait until the words of a recording may be asked for without losing any."""
        if self._transcriber is not None:
            await self._transcriber.room()

    def submit(self, utterance: Utterance, now_t: float) -> asyncio.Future[Decoded] | None:
        """Ask for the words of an utterance that ended by audio time ``now_t``."""
        if self._transcriber is None:
            return None
        row = PARTIES.index(utterance.party)
        until = min(utterance.t1 + POST_ROLL_S, now_t)  # the tape may be ahead of the call
        samples = self._tape.cut(row, utterance.t0 - PRE_ROLL_S, until)
        return self._transcriber.submit(
            Job(
                call_id=self._call_id,
                utterance=utterance,
                samples=samples,
                patient=self._patient,
            )
        )

    def unheard(self, utterance: Utterance) -> None:
        """Its words will never come. Where a number was asked for it may be one: silence it."""
        if self._redactor is not None and self._redactor.expects(utterance.t0):
            self._mute(utterance.party, utterance.t0, utterance.t1)

    def transcript(self, utterance: Utterance, decoded: Decoded) -> Transcript | None:
        """What was said, without what must not be stored; None when nothing was."""
        if not decoded.text:
            return None
        offset_s = max(0.0, utterance.t0 - PRE_ROLL_S)
        transcript = Transcript(
            utterance=utterance.number,
            party=utterance.party,
            t0=utterance.t0,
            t1=utterance.t1,
            text=decoded.text,
            words=[_shift(word, offset_s, utterance) for word in decoded.words],
            final=utterance.final,
            confidence=decoded.confidence,
        )
        if self._redactor is None:
            return transcript
        transcript, spans = self._redactor.redact(transcript)
        for span in spans:
            self._mute(utterance.party, max(0.0, span.t0 - MUTE_EDGE_S), span.t1 + MUTE_EDGE_S)
        return transcript


def _shift(word: Word, offset_s: float, utterance: Utterance) -> Word:
    """Word times within the clip to audio time, inside the utterance."""
    t0 = min(max(word.t0 + offset_s, utterance.t0), utterance.t1)
    t1 = min(max(word.t1 + offset_s, t0), utterance.t1)
    return word.model_copy(update={"t0": round(t0, 3), "t1": round(t1, 3)})
