"""Publish, subscribe, conflate; in one process, on one event loop.

The naive bus gives every subscriber a queue and puts every event into all of
them. One browser that stopped reading then grows without bound, or makes the
publisher wait. Here a subscriber holds at most ``queue`` facts and the newest of
each state; one that falls further behind is closed with ``Resync`` and costs
nothing from then on. Publishing never waits, and an event becomes JSON once,
however many subscribers it has.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Self, cast

from monitor.events import (
    CallEnded,
    CallEvent,
    CallStarted,
    Degraded,
    Event,
    Overlap,
    Resync,
    Snapshot,
    Words,
)

CARD_TYPES = frozenset(
    {
        "call.started",
        "call.ended",
        "mood",
        "alert.raised",
        "alert.cleared",
        "nudge.opened",
        "nudge.closed",
        "nudge.effect",
        "floor",
        "degraded",
        "note",
        "report",
    }
)
"""What a card on the supervisor's floor is made of, beside talk-overs. No words."""

LINGER_S = 60.0
"""An ended call stays so long, for those who reconnect in its last moments."""


class Parcel:
    """One message to subscribers, with its one serialisation, made when first asked for."""

    __slots__ = ("_text", "model", "number", "on_card", "private")

    def __init__(
        self,
        model: Event | Snapshot | Resync,
        number: int,
        *,
        on_card: bool = False,
        text: str | None = None,
    ) -> None:
        self.model = model
        self.number = number  # of all parcels of this bus: their order across calls
        self.private = getattr(model, "private", False)  # for the call's agent only
        self.on_card = on_card and not self.private
        self._text = text

    @property
    def text(self) -> str:
        """The message as JSON."""
        if self._text is None:
            self._text = self.model.model_dump_json()
        return self._text


def _state_key(event: Event) -> str | None:
    """Key under which newer state replaces this; None for a fact."""
    if isinstance(event, Words) and not event.final:
        return f"words:{event.utterance}"
    return None if event.fact else event.conflation_key()


class LiveCall:
    """What the bus keeps of a call while it lives: its facts and newest state."""

    def __init__(self, started: CallStarted) -> None:
        self.started = started
        self.ended: CallEnded | None = None
        self.seq = 0
        self.t = 0.0
        self._facts: list[Parcel] = []
        self._state: dict[str, Parcel] = {}
        self._talk_overs: set[str] = set()
        self._degraded: dict[str, str] = {}

    @property
    def degraded(self) -> dict[str, str]:
        """Parts that work less well now, with the reason."""
        return dict(self._degraded)

    def shows_on_card(self, event: Event) -> bool:
        if isinstance(event, Overlap):
            # The retraction of a talk-over carries another kind but the same id.
            return event.kind == "talk_over" or event.id in self._talk_overs
        return event.type in CARD_TYPES

    def keep(self, parcel: Parcel, event: Event, key: str | None) -> None:
        self.seq = max(self.seq, event.seq)
        self.t = max(self.t, event.t)
        if key is not None:
            self._state[key] = parcel
            return
        self._facts.append(parcel)
        if isinstance(event, Words):
            self._state.pop(f"words:{event.utterance}", None)
        elif isinstance(event, Overlap) and event.kind == "talk_over":
            self._talk_overs.add(event.id)
        elif isinstance(event, Degraded):
            if event.active:
                self._degraded[event.part] = event.reason
            else:
                self._degraded.pop(event.part, None)
        elif isinstance(event, CallEnded):
            self.ended = event

    def parcels(self, *, since: int = 0, card: bool = False, private: bool = False) -> list[Parcel]:
        """Facts and newest state in order, after ``since``; ``card``: of a card only;
        ``private``: with what is for the agent only."""
        kept = [
            parcel
            for parcel in (*self._facts, *self._state.values())
            if (parcel.on_card or not card)
            and (private or not parcel.private)
            and _event(parcel).seq > since
        ]
        kept.sort(key=lambda parcel: parcel.number)
        return kept

    def snapshot(self, number: int, *, card: bool = False, private: bool = False) -> Parcel:
        """All of it as one message, joined from the JSON that is there already."""
        parcels = self.parcels(card=card, private=private)
        model = Snapshot.model_construct(
            type="snapshot",
            call_id=self.started.call_id,
            seq=self.seq,
            t=self.t,
            events=cast(list[CallEvent], [parcel.model for parcel in parcels]),
        )
        head = json.dumps({"type": "snapshot", "call_id": model.call_id, "seq": self.seq})
        body = ",".join(parcel.text for parcel in parcels)
        return Parcel(model, number, text=f'{head[:-1]}, "t": {self.t!r}, "events": [{body}]}}')


def _event(parcel: Parcel) -> Event:
    if not isinstance(parcel.model, Event):
        raise TypeError("a call keeps events only")
    return parcel.model


class Subscription:
    """Messages for one subscriber, in order: ``async for parcel in subscription``.

    It ends after a Resync, or when closed. Cancelling a wait loses nothing.
    """

    def __init__(
        self, bus: Bus, queue: int, agent_id: str | None = None, *, private: bool = False
    ) -> None:
        self._bus = bus
        self._limit = queue
        self.agent_id = agent_id
        self.private = private
        self.following: str | None = None
        self._first: deque[Parcel] = deque()  # snapshots and what came after `since`
        self._facts: deque[Parcel] = deque()
        self._state: OrderedDict[tuple[str, str], Parcel] = OrderedDict()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def behind(self) -> int:
        """Messages waiting to be taken."""
        return len(self._first) + len(self._facts) + len(self._state)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Parcel:
        while True:
            parcel = self._take()
            if parcel is not None:
                return parcel
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def close(self) -> None:
        """No more messages; what waits is dropped."""
        self._first.clear()
        self._facts.clear()
        self._state.clear()
        self._end()

    def _take(self) -> Parcel | None:
        if self._first:
            return self._first.popleft()
        if not self._state:
            return self._facts.popleft() if self._facts else None
        key, state = next(iter(self._state.items()))
        if self._facts and self._facts[0].number < state.number:
            return self._facts.popleft()
        del self._state[key]
        return state

    def _begin(self, parcels: list[Parcel]) -> None:
        self._first.extend(parcels)
        self._wake()

    def _put(self, parcel: Parcel, key: tuple[str, str] | None) -> None:
        if key is not None:
            # To the end: state is sent where its newest self stands among the facts.
            self._state[key] = parcel
            self._state.move_to_end(key)
        elif len(self._facts) < self._limit:
            self._facts.append(parcel)
        else:
            self.close()
            reason = f"more than {self._limit} events behind; come back with since"
            self._first.append(Parcel(Resync(reason=reason), parcel.number))
        self._wake()

    def _restart(self, parcel: Parcel) -> None:
        """Drop what is left of another call and go on from this snapshot."""
        self._first.clear()
        self._facts.clear()
        self._state.clear()
        self._begin([parcel])

    def _end(self) -> None:
        if not self._closed:
            self._closed = True
            self._bus._forget(self)
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Bus:
    """Every live call's events, to whoever follows. Only for the loop's own thread."""

    def __init__(
        self,
        queue: int = 512,
        *,
        linger_s: float = LINGER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._linger_s = linger_s
        self._clock = clock
        self._number = 0
        self._calls: dict[str, LiveCall] = {}
        self._leaving: deque[tuple[float, LiveCall]] = deque()
        self._by_call: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._by_agent: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._floor: set[Subscription] = set()

    # ---- publish -------------------------------------------------------------

    def publish(self, event: Event) -> None:
        """Hand the event to all who follow its call. Never blocks, never waits.

        Events of a call that has not started (or has left) are dropped: nobody
        can follow it.
        """
        if isinstance(event, CallStarted):
            self._expire()
            self._calls[event.call_id] = LiveCall(event)
        call = self._calls.get(event.call_id)
        if call is None:
            return
        parcel = Parcel(event, self._next(), on_card=call.shows_on_card(event))
        state = _state_key(event)
        call.keep(parcel, event, state)
        if isinstance(event, CallEnded):
            self._leaving.append((self._clock() + self._linger_s, call))
        key = None if state is None else (event.call_id, state)
        for subscription in tuple(self._by_call.get(event.call_id, ())):
            if subscription.private or not parcel.private:
                subscription._put(parcel, key)
        if parcel.on_card:
            for subscription in tuple(self._floor):
                subscription._put(parcel, key)
        if isinstance(event, CallStarted) and event.agent.id:
            for subscription in tuple(self._by_agent.get(event.agent.id, ())):
                self._follow(subscription, call)

    # ---- subscribe -----------------------------------------------------------

    def subscribe(
        self,
        *,
        call_id: str | None = None,
        agent_id: str | None = None,
        floor: bool = False,
        since: int | None = None,
        private: bool = False,
    ) -> Subscription:
        """Follow one call, an agent's current call, or all calls as cards.

        A snapshot comes first; with ``since`` instead the events after it, one by
        one. A ``since`` this call has not reached yet belongs to something else,
        and gets the snapshot. ``private``: the agent of these calls asks, who also gets
        what nobody else does. Raises ValueError unless exactly one is chosen.
        """
        if (call_id is not None) + (agent_id is not None) + floor != 1:
            raise ValueError("choose exactly one of call_id, agent_id and floor")
        self._expire()
        subscription = Subscription(self, self._queue, agent_id, private=private)
        if floor:
            self._floor.add(subscription)
            subscription._begin(
                [
                    call.snapshot(self._next(), card=True)
                    for call in self._calls.values()
                    if call.ended is None
                ]
            )
        elif agent_id is not None:
            self._by_agent[agent_id].add(subscription)
            current = self._current(agent_id)
            if current is not None:
                self._follow(subscription, current)
        elif call_id is not None:
            subscription.following = call_id
            self._by_call[call_id].add(subscription)
            call = self._calls.get(call_id)
            if call is not None:
                fresh = since is None or since > call.seq
                subscription._begin(
                    [call.snapshot(self._next(), private=private)]
                    if fresh
                    else call.parcels(since=since or 0, private=private)
                )
        return subscription

    def live_calls(self) -> list[CallStarted]:
        """Calls that have started and not ended, oldest first."""
        return [call.started for call in self._calls.values() if call.ended is None]

    def call(self, call_id: str) -> LiveCall | None:
        """A call that lives, or ended a moment ago."""
        self._expire()
        return self._calls.get(call_id)

    def drop(self, call_id: str) -> None:
        """Forget an ended call at once: it was deleted."""
        call = self._calls.get(call_id)
        if call is not None and call.ended is not None:
            del self._calls[call_id]

    @property
    def subscribers(self) -> int:
        """Open subscriptions of every kind."""
        return len(set(self._everyone()))

    @property
    def furthest_behind(self) -> int:
        """Messages that wait for the subscriber for which most do."""
        return max((subscription.behind for subscription in self._everyone()), default=0)

    # ---- inside --------------------------------------------------------------

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _current(self, agent_id: str) -> LiveCall | None:
        """The newest call of this agent that lives, or else the newest that ended."""
        own = [call for call in self._calls.values() if call.started.agent.id == agent_id]
        alive = [call for call in own if call.ended is None]
        newest = alive or own
        return newest[-1] if newest else None

    def _follow(self, subscription: Subscription, call: LiveCall) -> None:
        self._unfollow(subscription)
        subscription.following = call.started.call_id
        self._by_call[call.started.call_id].add(subscription)
        subscription._restart(call.snapshot(self._next(), private=subscription.private))

    def _unfollow(self, subscription: Subscription) -> None:
        if subscription.following is None:
            return
        followers = self._by_call[subscription.following]
        followers.discard(subscription)
        if not followers:
            del self._by_call[subscription.following]

    def _forget(self, subscription: Subscription) -> None:
        self._floor.discard(subscription)
        self._unfollow(subscription)
        if subscription.agent_id is not None:
            followers = self._by_agent[subscription.agent_id]
            followers.discard(subscription)
            if not followers:
                del self._by_agent[subscription.agent_id]

    def _expire(self) -> None:
        now = self._clock()
        while self._leaving and self._leaving[0][0] <= now:
            _, call = self._leaving.popleft()
            # A call of the same id may have started since: that one stays.
            if self._calls.get(call.started.call_id) is call:
                del self._calls[call.started.call_id]

    def _everyone(self) -> Iterator[Subscription]:
        yield from self._floor
        for group in (*self._by_call.values(), *self._by_agent.values()):
            yield from group
