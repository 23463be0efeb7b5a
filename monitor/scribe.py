"""An utterance's way to its transcript: cut from the tape, decoded, put in time, redacted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.config import Settings
from monitor.engines import Decoded, EngineError
from monitor.events import PARTIES, Party, Transcript, Utterance, Word
from monitor.partials import Partials
from monitor.redaction import ASKED_FOR_S, Redactor
from monitor.sureness import Sureness
from monitor.tape import Tape
from monitor.transcriber import Expired, Job, Shed, Transcriber

PRE_ROLL_S = 0.2
POST_ROLL_S = 0.15
"""Audio decoded beyond both ends of an utterance: voice activity clips soft onsets."""
MUTE_EDGE_S = 0.15
"""Silenced beyond both ends of a number: the times of words are so far off."""
CUT_ROLL_S = 0.1
"""… and beyond a forced cut, which is in the middle of the quietest 200 ms: no more, or the
words at the cut would be heard twice."""
TAPE_S = 17.0
"""The longest utterance is 12 s; what is heard behind it in one piece is 4 s at most."""

NO_WORDS = (EngineError, Expired, Shed)
"""Why there may be no words; the message is for the screens."""


class _Awaited(NamedTuple):
    """An utterance whose words are on the way. Audio times, s."""

    clip_t0: float
    t1: float


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
        self._partials = Partials() if settings.asr.partials else None
        self._shown: set[int] = set()  # utterances whose partial words await their final
        self._awaited: dict[int, _Awaited] = {}
        self._unheard_t = float("-inf")
        self._cut_at: dict[Party, float] = {}
        self._sureness = Sureness()

    @property
    def gives_partials(self) -> bool:
        return self._transcriber is not None and self._partials is not None

    @property
    def unsure(self) -> bool:
        """Whether its words are hardly to be believed lately."""
        return self._sureness.unsure

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

    def submit(
        self, utterance: Utterance, now_t: float, *, calm: bool = True
    ) -> asyncio.Future[Decoded] | None:
        """Ask for the words of an utterance that ended by audio time ``now_t``. Where there
        is too much to do, a call that is ``calm`` is given up before others."""
        if self._transcriber is None:
            return None
        if self._partials is not None:
            self._partials.finish(utterance.number)
        self._awaited[utterance.number] = _Awaited(self._starts(utterance), utterance.t1)
        roll_s = CUT_ROLL_S if utterance.cut else POST_ROLL_S
        until = min(utterance.t1 + roll_s, now_t)  # the tape may be ahead of the call
        words = self._ask(utterance, until, calm=calm)
        if utterance.cut:
            self._cut_at[utterance.party] = utterance.t1
        return words

    def partial(self, utterance: Utterance, *, calm: bool) -> asyncio.Future[Decoded] | None:
        """Ask for the words so far of one that goes on, if it is time and there is room."""
        if (
            self._transcriber is None
            or self._partials is None
            or not self._partials.wanted(utterance)
            or not self._transcriber.room_for_partial(calm=calm)
        ):
            return None
        self._partials.asked(utterance)
        return self._ask(utterance, utterance.t1, calm=calm)

    def _ask(self, utterance: Utterance, until: float, *, calm: bool) -> asyncio.Future[Decoded]:
        assert self._transcriber is not None  # noqa: S101
        row = PARTIES.index(utterance.party)
        return self._transcriber.submit(
            Job(
                call_id=self._call_id,
                utterance=utterance,
                samples=self._tape.cut(row, self._starts(utterance), until),
                patient=self._patient,
                calm=calm,
                word_times=utterance.final,
            )
        )

    def _starts(self, utterance: Utterance) -> float:
        """Audio time at which its clip begins, s."""
        after_cut = self._cut_at.get(utterance.party) == utterance.t0
        return max(0.0, utterance.t0 - (CUT_ROLL_S if after_cut else PRE_ROLL_S))

    def unheard(self, utterance: Utterance) -> None:
        """Its words will never come. Where a number was asked for it may be one: silence it."""
        self._awaited.pop(utterance.number, None)
        self._shown.discard(utterance.number)
        self._unheard_t = max(self._unheard_t, utterance.t1)
        if self._redactor is not None and self._redactor.expects(utterance.t0):
            self._mute(utterance.party, utterance.t0, utterance.t1)

    def partial_transcript(self, utterance: Utterance, decoded: Decoded) -> Transcript | None:
        """What two decodes agree on, when that is more than was known, and safe to show."""
        if self._partials is None:
            return None
        text = self._partials.agreed(utterance.number, decoded.text)
        if text is None:
            return None
        transcript = _transcript(utterance, decoded, text)
        if self._redactor is not None:
            transcript, _ = self._redactor.redact(transcript)  # the final one mutes
        if not transcript.text:
            return None
        self._shown.add(utterance.number)
        return transcript

    def transcript(self, utterance: Utterance, decoded: Decoded) -> Transcript | None:
        """What was said, without what must not be stored; None when nothing was, unless
        partial words were shown that an empty transcript must take away."""
        self._sureness.heard(utterance.party, utterance.t1 - utterance.t0, decoded)
        wary = self._wary(utterance)
        clip_t0 = self._awaited.pop(utterance.number).clip_t0
        shown = utterance.number in self._shown
        self._shown.discard(utterance.number)
        if not decoded.text and not shown:
            return None
        words = [_shift(word, clip_t0, utterance) for word in decoded.words]
        transcript = _transcript(utterance, decoded, decoded.text, words)
        if self._redactor is None:
            return transcript
        transcript, spans = self._redactor.redact(transcript, wary=wary)
        for span in spans:
            self._mute(utterance.party, max(0.0, span.t0 - MUTE_EDGE_S), span.t1 + MUTE_EDGE_S)
        return transcript

    def _wary(self, utterance: Utterance) -> bool:
        """Whether what was said before it, and may have asked for a number, is not all known:
        under load words come out of order, or not at all."""
        since = utterance.t0 - ASKED_FOR_S
        return self._unheard_t >= since or any(
            since <= awaited.t1 <= utterance.t0 for awaited in self._awaited.values()
        )


def _transcript(
    utterance: Utterance, decoded: Decoded, text: str, words: Sequence[Word] = ()
) -> Transcript:
    """``text`` is what may be shown of what was decoded; ``words`` are in audio time."""
    return Transcript(
        utterance=utterance.number,
        party=utterance.party,
        t0=utterance.t0,
        t1=utterance.t1,
        text=text,
        words=list(words),
        final=utterance.final,
        confidence=decoded.confidence,
        language=decoded.language,
    )


def _shift(word: Word, offset_s: float, utterance: Utterance) -> Word:
    """Word times within the clip to audio time, inside the utterance."""
    t0 = min(max(word.t0 + offset_s, utterance.t0), utterance.t1)
    t1 = min(max(word.t1 + offset_s, t0), utterance.t1)
    return word.model_copy(update={"t0": round(t0, 3), "t1": round(t1, 3)})
