"""What is heard on two channels, and who of the two parties speaks: one way to ask.

The voice detector hears voices. ``foreground`` takes from each channel those behind its party,
then ``crosstalk`` the other's echo. Both know something that the other needs: a known echo is
nobody in the background.
"""

from __future__ import annotations

from monitor.config import HearingSettings
from monitor.crosstalk import CrosstalkGate
from monitor.foreground import Foreground

Pair = tuple[float, float]
"""(agent, customer)"""


class Parties:
    """Own speech of both parties of one call, block by block.

    ``separated`` false: one channel carries both. Then, and from the block after which two
    channels turned out to carry the same sound, all that is heard counts as the customer's.
    """

    __slots__ = ("_foregrounds", "_separate", "gate")

    def __init__(self, settings: HearingSettings, *, separated: bool = True) -> None:
        self._foregrounds = (Foreground(), Foreground())
        self._separate = separated
        self.gate = CrosstalkGate(settings)

    @property
    def separated(self) -> bool:
        """Each channel carries one party."""
        return self._separate and not self.gate.mixed

    def step(self, speech: Pair, level_db: Pair) -> tuple[Pair, tuple[bool, bool]]:
        """One block: speech probabilities and levels, dBFS, of both channels.

        Gives the probabilities that their parties speak, and whether they do."""
        gate = self.gate
        if not self.separated:
            return speech, (False, gate.step(speech, level_db)[1])
        agent, customer = self._foregrounds
        speech = (
            agent.step(speech[0], level_db[0], gate.echoed(0)),
            customer.step(speech[1], level_db[1], gate.echoed(1)),
        )
        return speech, gate.step(speech, level_db)

    @property
    def backgrounds_db(self) -> tuple[float | None, float | None]:
        """The level that others reach on each channel, dBFS; None: nobody is heard."""
        agent, customer = self._foregrounds
        return agent.background_db, customer.background_db

    def missing(self) -> None:
        """No audio for a while."""
        self.gate.missing()
        for foreground in self._foregrounds:
            foreground.missing()
