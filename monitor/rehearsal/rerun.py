"""The inputs of a call, given to a new call: another policy, or written ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from monitor.audio import BLOCK_S
from monitor.call import Call, CallInput
from monitor.config import NudgeSettings, Settings
from monitor.ear import Heard
from monitor.events import CallStarted, Command, End, Event, HangUp, Transcript
from monitor.phrases import Phrases


def rerun(
    started: CallStarted,
    inputs: Iterable[CallInput],
    settings: Settings,
    nudges: NudgeSettings,
    phrases: Phrases,
) -> list[Event]:
    """What the call would have told under these nudges.

    A nudge that was waved away is not waved away here: whether the agent would have, nobody
    knows. Pausing the nudges and notes stay.
    """
    call = Call(_anew(started), settings.model_copy(update={"nudges": nudges}), phrases)
    for item in inputs:
        if not (isinstance(item, Command) and item.command == "dismiss_nudge"):
            call.receive(item)
    if not call.ended:  # the monitor was killed in mid-call
        call.receive(End(reason="lost"))
    return call.events()


def _anew(started: CallStarted) -> CallStarted:
    """As it was given to the call, before the call added what it found."""
    return started.model_copy(update={"seq": 0, "policy": ""})


def play(
    call: Call, sound: Heard, said: Sequence[tuple[float, Transcript]] = (), chunk: int = 1
) -> list[Event]:
    """Everything the call tells from its first event to its last.

    ``said``: when each transcript arrives, s, and the transcript; those that come after the
    sound do so after it was hung up. ``chunk``: blocks given at a time.
    """
    waiting = sorted(said, key=lambda item: item[0])
    at = 0
    while at < sound.blocks:
        while waiting and waiting[0][0] <= call.t:
            call.receive(waiting.pop(0)[1])
        upto = min(at + chunk, sound.blocks)
        if waiting:
            due = ceil((waiting[0][0] - call.t) / BLOCK_S - 1e-6)
            upto = min(upto, at + max(1, due))
        call.receive(sound.part(at, upto))
        at = upto
    call.receive(HangUp())
    for _, transcript in waiting:
        call.receive(transcript)
    call.receive(End())
    return call.events()
