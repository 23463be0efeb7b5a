"""Speech rate of one party, from syllable nuclei and from transcripts."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import Final, NamedTuple

from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.utterances import ROUNDING_S

PAUSE_BLOCKS = round(0.55 / BLOCK_S)
"""Longer pauses end a stretch of speech and are no part of its pace."""
LATE_BLOCKS = 4
"""A syllable nucleus is confirmed up to so much after it was spoken."""
RATE_MIN_S = 1.0
"""Shorter stretches of fewer than ``min_syllables`` are backchannels: no pace."""
RECENT_S = 8.0
"""Against the text, the rate of 8 s of speech is right to 9 %, of 5 s to 10 %, of 3 s to 12 %."""
TOLD_MIN_S = 10.0
WPM_WINDOW_S = 30.0
WPM_MIN_S = 3.0

GAIN = 1.25
OFFSET = 1.3
"""Syllables per second are ``GAIN`` times the nuclei per second less ``OFFSET``: in fast speech
nuclei run together, in slow speech one vowel makes two. 281 windows of 15 s of speech, 41
recordings with their text (people, actors, prompts, the voices of our samples; some made faster
or slower): one half of the voices fits 1.33 and 1.65, the other 1.13 and 0.57; these stand between.
With the fit of one half the other is 7.7 and 8.6 % off, with these 7.2 and 8.0 %, r = .88 and .86;
a true 7.1 is found as 6.7 and 3.3 as 3.3 (without: 6.4 and 3.7). Polish, in neither half, against
a recogniser's words: 6.8 % off."""
SLOWEST = 3.2
"""Nuclei per second below which nothing was fitted: the rate goes to 0 in proportion."""

_SPOKEN: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d")
_VOWELS: Final = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ]+")
_SILENT: Final = re.compile(r"[^aeioul]e$|[^aeioutd]ed$|[^aeioulcghsxz]es$")


def syllables(text: str) -> int:
    """Syllables of a text: groups of vowels, English silent endings not counted, at least
    one a word, one a digit. Right to a few per cent over a conversation."""
    total = 0
    for word in _SPOKEN.findall(text.lower()):
        groups = len(_VOWELS.findall(word))
        silent = groups > 1 and _SILENT.search(word) is not None
        total += max(groups - silent, 1)
    return total


def rate_of(nuclei: float, seconds: float) -> float:
    """Syllables per second of so many nuclei in so many seconds of speaking time."""
    found = nuclei / seconds
    return found * (GAIN - OFFSET / max(found, SLOWEST))


class Window:
    """Syllables per second over the newest ``length_s`` of speaking time."""

    __slots__ = ("_blocks", "_most", "nuclei")

    def __init__(self, length_s: float) -> None:
        self._most = max(1, round(length_s / BLOCK_S))
        self._blocks: deque[float] = deque()
        self.nuclei = 0.0

    def add(self, nuclei: float) -> None:
        self._blocks.append(nuclei)
        self.nuclei += nuclei
        if len(self._blocks) > self._most:
            self.nuclei -= self._blocks.popleft()

    def late(self, nuclei: float) -> None:
        """A nucleus confirmed after the speech that it belongs to."""
        if self._blocks:
            self._blocks[-1] += nuclei
            self.nuclei += nuclei

    @property
    def length_s(self) -> float:
        return len(self._blocks) * BLOCK_S

    @property
    def rate(self) -> float:
        return rate_of(self.nuclei, self.length_s)

    def newest(self, blocks: int) -> float:
        """Rate over the newest so many blocks, or all."""
        count = min(blocks, len(self._blocks))
        return rate_of(sum(islice(reversed(self._blocks), count)), count * BLOCK_S)


class Told:
    """Syllables per second of the newest transcripts that fill ``length_s``."""

    __slots__ = ("_most_s", "_said", "seconds", "syllables")

    def __init__(self, length_s: float) -> None:
        self._most_s = length_s
        self._said: deque[tuple[int, float]] = deque()
        self.syllables = 0
        self.seconds = 0.0

    def add(self, syllables: int, seconds: float) -> None:
        self._said.append((syllables, seconds))
        while sum(length for _, length in self._said) - self._said[0][1] >= self._most_s:
            self._said.popleft()
        self.syllables = sum(count for count, _ in self._said)
        self.seconds = sum(length for _, length in self._said)


class Stretch(NamedTuple):
    """Speech between longer pauses that is no backchannel."""

    seconds: float
    nuclei: float


class Rate:
    """One party's pace. Speech goes into ``window`` and ``recent`` from when its stretch is
    long enough to be no backchannel; ``all_s`` and ``all_nuclei`` hold everything."""

    __slots__ = (
        "_before",
        "_least",
        "_pause",
        "_stretch",
        "all_nuclei",
        "all_s",
        "counted",
        "recent",
        "said",
        "told",
        "told_at_s",
        "window",
        "words",
        "words_s",
    )

    def __init__(self, settings: PaceSettings) -> None:
        self._least = settings.min_syllables
        self.window = Window(settings.window_s)
        self.recent = Window(RECENT_S)
        self.all_s = 0.0
        self.all_nuclei = 0.0
        self.counted = 0  # blocks that ever went into the window
        self._stretch: list[float] | None = []  # None: long enough, and counted
        self._pause: list[float] | None = None  # None: no stretch is going on
        self._before = (0.0, 0.0)  # all_s and all_nuclei when the stretch began
        self.said: deque[tuple[int, float]] = deque()
        self.words = 0
        self.words_s = 0.0
        self.told = Told(settings.window_s)
        self.told_at_s = 0.0  # all_s when the newest of them came

    def step(self, own: bool, nuclei: float) -> Stretch | None:
        """One block; the stretch of speech that ended with it."""
        if own:
            if self._pause is None:
                self._before = self.all_s, self.all_nuclei
            for late in self._pause or ():
                self._add(late)
            self._pause = []
            self._add(nuclei)
        elif self._pause is not None:
            self._pause.append(0.0)
            if nuclei and len(self._pause) <= LATE_BLOCKS:
                self._late(nuclei)
            if len(self._pause) > PAUSE_BLOCKS:
                ended = self.stretch
                self._pause = None
                self._stretch = []
                return ended
        return None

    @property
    def stretch(self) -> Stretch | None:
        """The stretch of speech that is going on; None where it may be a backchannel."""
        if self._pause is None or self._stretch is not None:
            return None
        before_s, before = self._before
        return Stretch(self.all_s - before_s, self.all_nuclei - before)

    def _add(self, nuclei: float) -> None:
        self.all_s += BLOCK_S
        self.all_nuclei += nuclei
        if self._stretch is None:
            self._count(nuclei)
        else:
            self._stretch.append(nuclei)
            self._count_stretch(self._stretch)

    def _late(self, nuclei: float) -> None:
        self.all_nuclei += nuclei
        if self._stretch is None:
            self.window.late(nuclei)
            self.recent.late(nuclei)
        else:
            self._stretch[-1] += nuclei
            self._count_stretch(self._stretch)

    def _count_stretch(self, blocks: list[float]) -> None:
        if len(blocks) * BLOCK_S < RATE_MIN_S - ROUNDING_S and sum(blocks) < self._least:
            return
        for nuclei in blocks:
            self._count(nuclei)
        self._stretch = None

    def _count(self, nuclei: float) -> None:
        self.counted += 1
        self.window.add(nuclei)
        self.recent.add(nuclei)

    def transcript(self, words: int, text_syllables: int, seconds: float) -> None:
        self.words += words
        self.words_s += seconds
        self.said.append((words, seconds))
        while sum(length for _, length in self.said) - self.said[0][1] >= WPM_WINDOW_S:
            self.said.popleft()
        self.told_at_s = self.all_s
        if seconds >= RATE_MIN_S or text_syllables >= self._least:
            self.told.add(text_syllables, seconds)

    def rate(self, settings: PaceSettings) -> float | None:
        window = self.window
        if window.nuclei < settings.min_syllables or window.length_s < RATE_MIN_S - ROUNDING_S:
            return None
        return window.rate

    def told_rate(self, settings: PaceSettings) -> float | None:
        """None before there are enough words, or when they no longer come."""
        if self.told.seconds < TOLD_MIN_S or self.told.syllables < settings.min_syllables:
            return None
        if self.all_s - self.told_at_s > settings.window_s:
            return None
        return self.told.syllables / self.told.seconds

    @property
    def wpm(self) -> float | None:
        seconds = sum(seconds for _, seconds in self.said)
        return 60 * sum(words for words, _ in self.said) / seconds if seconds >= WPM_MIN_S else None
