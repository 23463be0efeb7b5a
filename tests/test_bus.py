import asyncio
from typing import Any

import pytest

from monitor.bus import Bus, Subscription
from monitor.events import (
    SERVER_MESSAGE,
    CallEnded,
    CallStarted,
    Degraded,
    Event,
    Levels,
    Mood,
    NudgeOpened,
    Overlap,
    Person,
    Resync,
    Snapshot,
    Turn,
    Words,
)


def started(call_id: str = "c1", agent: str = "anna") -> CallStarted:
    return CallStarted(
        call_id=call_id,
        seq=1,
        started_at="2026-01-01T10:00:00+00:00",
        source="wav",
        agent=Person(id=agent, name=agent.title()),
    )


def turn(seq: int, call_id: str = "c1") -> Turn:
    return Turn(call_id=call_id, seq=seq, t=float(seq), party="agent", t0=seq - 1.0, t1=float(seq))


def levels(seq: int, call_id: str = "c1") -> Levels:
    return Levels(
        call_id=call_id,
        seq=seq,
        t=float(seq),
        agent_db=-20.0 - seq,
        customer_db=-30.0,
        agent_speaking=True,
        customer_speaking=False,
    )


def mood(seq: int, call_id: str = "c1") -> Mood:
    return Mood(call_id=call_id, seq=seq, t=float(seq), score=float(seq), level="calm")


def overlap(seq: int, kind: str, oid: str = "o1") -> Overlap:
    return Overlap.model_validate(
        {"call_id": "c1", "seq": seq, "id": oid, "kind": kind, "by": "agent", "t0": 0.0, "t1": 1.0}
    )


def for_the_agent(seq: int) -> NudgeOpened:
    return NudgeOpened(
        call_id="c1",
        seq=seq,
        id="n1",
        nudge="its_not_you",
        title="It's not you",
        text="They are angry at the situation.",
        why="They swore",
        evidence=[],
        ttl_s=20,
        private=True,
    )


async def drain(subscription: Subscription) -> list[object]:
    return [(await anext(subscription)).model for _ in range(subscription.behind)]


def seqs(models: list[object]) -> list[int]:
    return [m.seq for m in models if isinstance(m, Event | Snapshot)]


async def test_a_snapshot_comes_first_and_holds_facts_and_newest_state() -> None:
    bus = Bus()
    for event in (started(), levels(2), turn(3), levels(4), mood(5), levels(6)):
        bus.publish(event)
    (snapshot,) = await drain(bus.subscribe(call_id="c1"))
    assert isinstance(snapshot, Snapshot)
    assert snapshot.seq == 6
    assert seqs(list(snapshot.events)) == [1, 3, 5, 6]


async def test_the_text_of_every_message_is_its_model() -> None:
    bus = Bus()
    bus.publish(started())
    bus.publish(turn(2))
    subscription = bus.subscribe(call_id="c1")
    bus.publish(mood(3))
    snapshot, live = await anext(subscription), await anext(subscription)
    assert SERVER_MESSAGE.validate_json(snapshot.text) == snapshot.model
    assert SERVER_MESSAGE.validate_json(live.text) == live.model


async def test_since_brings_only_what_came_after() -> None:
    bus = Bus()
    for event in (started(), turn(2), levels(3), turn(4), mood(5)):
        bus.publish(event)
    assert seqs(await drain(bus.subscribe(call_id="c1", since=2))) == [3, 4, 5]
    assert await drain(bus.subscribe(call_id="c1", since=5)) == []


async def test_a_since_from_another_life_gets_the_snapshot() -> None:
    bus = Bus()
    bus.publish(started())
    (snapshot,) = await drain(bus.subscribe(call_id="c1", since=900))
    assert isinstance(snapshot, Snapshot)


async def test_state_is_conflated_and_keeps_its_place_among_facts() -> None:
    bus = Bus()
    bus.publish(started())
    subscription = bus.subscribe(call_id="c1", since=1)
    for event in (levels(2), turn(3), levels(4), mood(5), turn(6), mood(7)):
        bus.publish(event)
    assert seqs(await drain(subscription)) == [3, 4, 6, 7]


async def test_partial_words_are_replaced_by_the_final() -> None:
    bus = Bus()
    bus.publish(started())
    words = {"call_id": "c1", "utterance": 1, "party": "agent", "t0": 0.0, "t1": 1.0}
    bus.publish(Words(**words, seq=2, text="good mor", final=False))
    bus.publish(Words(**words, seq=3, text="good morning th", final=False))
    (before,) = await drain(bus.subscribe(call_id="c1"))
    assert isinstance(before, Snapshot)
    assert seqs(list(before.events)) == [1, 3]
    bus.publish(Words(**words, seq=4, text="good morning"))
    (after,) = await drain(bus.subscribe(call_id="c1"))
    assert isinstance(after, Snapshot)
    assert seqs(list(after.events)) == [1, 4]


async def test_too_many_facts_behind_closes_with_resync() -> None:
    bus = Bus(queue=3)
    bus.publish(started())
    stalled, reader = bus.subscribe(call_id="c1"), bus.subscribe(call_id="c1")
    got: list[object] = await drain(reader)
    for seq in range(2, 7):
        bus.publish(turn(seq))
        got += await drain(reader)
    assert seqs(got[1:]) == [2, 3, 4, 5, 6]
    assert stalled.closed
    messages = [parcel.model async for parcel in stalled]
    assert len(messages) == 1
    assert isinstance(messages[0], Resync)
    assert bus.subscribers == 1
    back = bus.subscribe(call_id="c1", since=1)
    assert seqs(await drain(back)) == [2, 3, 4, 5, 6]


async def test_state_alone_never_closes_a_stalled_subscriber() -> None:
    bus = Bus(queue=2)
    bus.publish(started())
    stalled = bus.subscribe(call_id="c1", since=1)
    for seq in range(2, 500):
        bus.publish(levels(seq))
    assert stalled.behind == 1
    assert seqs(await drain(stalled)) == [499]


async def test_a_waiting_subscriber_is_woken() -> None:
    bus = Bus()
    bus.publish(started())
    subscription = bus.subscribe(call_id="c1", since=1)
    waiting = asyncio.ensure_future(anext(subscription))
    await asyncio.wait([waiting], timeout=0)
    assert not waiting.done()
    bus.publish(turn(2))
    assert seqs([(await waiting).model]) == [2]


async def test_cancelling_a_wait_loses_nothing() -> None:
    bus = Bus()
    bus.publish(started())
    subscription = bus.subscribe(call_id="c1", since=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anext(subscription)
    bus.publish(turn(2))
    assert seqs(await drain(subscription)) == [2]


async def test_the_floor_gets_cards_of_all_calls_and_no_words() -> None:
    bus = Bus()
    bus.publish(started("c1"))
    bus.publish(
        Words(call_id="c1", seq=2, utterance=1, party="customer", t0=0, t1=1, text="secret")
    )
    floor = bus.subscribe(floor=True)
    bus.publish(started("c2", "ben"))
    bus.publish(
        Words(call_id="c2", seq=2, utterance=1, party="customer", t0=0, t1=1, text="secret")
    )
    bus.publish(mood(3, "c2"))
    parcels = [await anext(floor) for _ in range(floor.behind)]
    assert [p.model.type for p in parcels] == ["snapshot", "call.started", "mood"]
    assert not any("secret" in p.text for p in parcels)


async def test_the_floor_sees_talk_overs_and_their_retraction_only() -> None:
    bus = Bus()
    bus.publish(started())
    floor = bus.subscribe(floor=True)
    await drain(floor)
    bus.publish(overlap(2, "backchannel", "o1"))
    bus.publish(overlap(3, "talk_over", "o2"))
    bus.publish(overlap(4, "backchannel", "o2"))
    assert seqs(await drain(floor)) == [3, 4]


async def test_an_agent_subscription_follows_the_next_call() -> None:
    bus = Bus()
    mine = bus.subscribe(agent_id="anna")
    assert mine.behind == 0
    bus.publish(started("c1", "anna"))
    bus.publish(started("x", "ben"))
    bus.publish(turn(2, "x"))
    bus.publish(turn(2, "c1"))
    snapshot, live = await drain(mine)
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.call_id, snapshot.seq) == ("c1", 1)
    assert isinstance(live, Turn)
    bus.publish(CallEnded(call_id="c1", seq=3, t=3.0, reason="completed", duration_s=3.0))
    bus.publish(started("c2", "anna"))
    bus.publish(turn(4, "c1"))
    (second,) = await drain(mine)
    assert isinstance(second, Snapshot)
    assert second.call_id == "c2"


async def test_an_ended_call_lingers_then_leaves() -> None:
    now = [0.0]
    bus = Bus(linger_s=60.0, clock=lambda: now[0])
    bus.publish(started())
    assert [c.call_id for c in bus.live_calls()] == ["c1"]
    bus.publish(CallEnded(call_id="c1", seq=2, reason="completed", duration_s=1.0))
    assert bus.live_calls() == []
    assert bus.call("c1") is not None
    now[0] = 61.0
    assert bus.call("c1") is None


async def test_degraded_parts_of_a_call_are_known() -> None:
    bus = Bus()
    bus.publish(started())
    bus.publish(Degraded(call_id="c1", seq=2, part="words", active=True, reason="late"))
    call = bus.call("c1")
    assert call is not None
    assert call.degraded == {"words": "late"}
    bus.publish(Degraded(call_id="c1", seq=3, part="words", active=False, reason="ok"))
    assert call.degraded == {}


async def test_closing_forgets_and_ends() -> None:
    bus = Bus()
    bus.publish(started())
    for subscription in (
        bus.subscribe(call_id="c1"),
        bus.subscribe(agent_id="anna"),
        bus.subscribe(floor=True),
    ):
        subscription.close()
        assert [p async for p in subscription] == []
    assert bus.subscribers == 0


@pytest.mark.parametrize("which", [{}, {"call_id": "a", "floor": True}])
async def test_exactly_one_thing_can_be_followed(which: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Bus().subscribe(**which)  # type: ignore[arg-type]


async def test_each_event_becomes_json_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    original = Turn.model_dump_json

    def counted(self: Turn) -> str:
        nonlocal count
        count += 1
        return original(self)

    monkeypatch.setattr(Turn, "model_dump_json", counted)
    bus = Bus()
    bus.publish(started())
    viewers = [bus.subscribe(call_id="c1", since=1) for _ in range(100)]
    bus.publish(turn(2))
    texts = {(await anext(viewer)).text for viewer in viewers}
    assert count == 1
    assert len(texts) == 1


async def test_what_is_for_the_agent_only_reaches_nobody_else() -> None:
    bus = Bus()
    bus.publish(started())
    before = bus.subscribe(call_id="c1"), bus.subscribe(floor=True)
    mine = bus.subscribe(call_id="c1", private=True), bus.subscribe(agent_id="anna", private=True)
    for subscription in (*before, *mine):
        await drain(subscription)
    for event in (turn(2), for_the_agent(3), mood(4)):
        bus.publish(event)
    assert [seqs(await drain(s)) for s in before] == [[2, 4], [4]]
    assert [seqs(await drain(s)) for s in mine] == [[2, 3, 4]] * 2


async def test_nor_does_a_snapshot_tell_it_or_what_came_since() -> None:
    bus = Bus()
    for event in (started(), for_the_agent(2), turn(3)):
        bus.publish(event)

    async def told(**which: Any) -> list[int]:
        first = (await drain(bus.subscribe(**which)))[0]
        assert isinstance(first, Snapshot)
        return seqs(list(first.events))

    assert await told(call_id="c1") == [1, 3]
    assert await told(agent_id="anna") == [1, 3], "a supervisor who follows an agent"
    assert await told(floor=True) == [1]
    assert await told(call_id="c1", private=True) == [1, 2, 3]
    assert seqs(await drain(bus.subscribe(call_id="c1", since=1))) == [3]
    assert seqs(await drain(bus.subscribe(call_id="c1", since=1, private=True))) == [2, 3]
