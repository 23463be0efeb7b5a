"""The agent's screen: one glance, nothing that moves, nothing that lies."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from monitor.events import (
    Degraded,
    Event,
    Note,
    NudgeClosed,
    NudgeOpened,
    Overlap,
    Pace,
    Person,
    Words,
)
from tests.browser import story
from tests.browser.conftest import axe
from tests.browser.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NARROW = {"width": 400, "height": 800}


def until(t: float) -> list[Event]:
    return [event for event in story.parcel() if event.t <= t]


def vent() -> Event:
    return next(event for event in story.parcel() if event.type == "nudge.opened")


async def opened(page: Page, standin: StandIn, *, t: float = 25.0) -> None:
    """An agent's screen at audio time t; a nudge opens at 26.2 s and closes at 32.9 s."""
    standin.me = {"role": "agent", "agent": {"id": "ada", "name": "Ada Okafor"}}
    standin.put(until(t))
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.goto("/agent")
    await expect(page.get_by_role("heading", name="Sam Meyer")).to_be_visible()


async def test_follows_the_agents_own_call_without_being_told_which(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin)
    await expect(page.get_by_text("nobody ever reads")).to_have_count(0)
    await expect(page.get_by_text("this is the third time I'm calling")).to_be_visible()
    assert {"type": "subscribe", "agent_id": "ada"} in standin.told


async def test_a_nudge_appears_with_its_reason_and_moves_nothing(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin)
    slot = page.get_by_role("region", name="Nudge")
    await expect(slot).to_contain_text("Listening")
    places = [slot, page.get_by_role("region", name="Conversation"), page.locator(".state")]
    before = [await place.bounding_box() for place in places]

    await standin.push(vent())

    await expect(slot).to_contain_text("Let them vent")
    await expect(slot).to_contain_text("Just listen until they have finished.")
    await expect(slot).to_contain_text("Third call about this")
    assert [await place.bounding_box() for place in places] == before


async def test_a_nudge_is_announced_politely(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    live = page.locator(".nudge-body")
    await expect(live).to_have_attribute("aria-live", "polite")
    await standin.push(vent())
    await expect(live).to_contain_text("Let them vent")


async def test_done_is_acknowledged_quietly(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await standin.push(vent())
    await expect(page.get_by_text("Let them vent")).to_be_visible()
    await standin.push(
        NudgeClosed(t=32.9, id="n1", nudge="let_them_vent", outcome="done", open_s=6.7)
    )
    await expect(page.get_by_role("region", name="Nudge")).to_contain_text("✓ Let them vent")


async def test_dismiss_tells_the_server_and_clears_the_screen(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await standin.push(vent())
    await page.get_by_role("button", name="Dismiss").click()
    await standin.wait_told(
        lambda m: m == {"type": "dismiss_nudge", "call_id": "late-parcel", "id": "n1"}
    )
    await expect(page.get_by_role("region", name="Nudge")).to_contain_text("Listening")


async def test_snooze_hides_for_five_minutes_and_can_be_ended(page: Page, standin: StandIn) -> None:
    await page.clock.install()
    await opened(page, standin)
    slot = page.get_by_role("region", name="Nudge")
    await page.get_by_role("button", name="Pause nudges 5 min").click()
    await standin.wait_told(lambda m: m["type"] == "snooze" and m["for_s"] == 300)
    await expect(slot).to_contain_text("Nudges paused")
    await standin.push(vent())
    await expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)

    await page.get_by_role("button", name="Bring them back").click()
    await standin.wait_told(lambda m: m["type"] == "snooze" and 0 < m["for_s"] < 1)
    await page.clock.run_for(200)
    await expect(slot).to_contain_text("Let them vent")


async def test_says_stale_after_five_silent_seconds_and_recovers(
    page: Page, standin: StandIn
) -> None:
    await page.clock.install()
    await opened(page, standin)
    await standin.push(vent())
    await expect(page.get_by_text("Let them vent")).to_be_visible()
    standin.beating = False
    await page.clock.run_for(5100)
    slot = page.get_by_role("region", name="Nudge")
    await expect(slot).to_contain_text("Connection lost")
    await expect(page.get_by_text("Let them vent")).to_have_count(0)
    await expect(page.get_by_role("status").filter(has_text="Stale")).to_be_visible()

    standin.beating = True
    await page.clock.run_for(1500)
    await expect(slot).to_contain_text("Let them vent")


async def test_comes_back_after_the_server_went_away(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    told = len(standin.told)
    await standin.drop_sockets()
    await expect(page.get_by_role("status").filter(has_text="Connecting")).to_be_visible()
    standin.put([*until(25), *story.parcel()[len(until(25)) : len(until(28.9))]])
    await standin.wait_told(lambda m: m["type"] == "subscribe" and len(standin.told) > told)
    await expect(page.get_by_text("Let them vent")).to_be_visible()


async def test_partial_words_are_replaced_and_the_list_follows(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin, t=50)
    partial = Words(
        t=51, utterance=90, party="customer", t0=49, t1=51, text="so it is", final=False
    )
    await standin.push(partial)
    await expect(page.get_by_text("so it is")).to_be_in_viewport()
    await standin.push(
        partial.model_copy(update={"t": 52.0, "text": "so it is settled", "final": True})
    )
    await expect(page.get_by_text("so it is settled")).to_be_in_viewport()
    await expect(page.get_by_text("so it is", exact=True)).to_have_count(0)


async def test_a_reader_who_scrolled_up_is_left_alone(page: Page, standin: StandIn) -> None:
    await opened(page, standin, t=70)
    transcript = page.get_by_role("list", name="Transcript")
    await transcript.hover()
    await page.mouse.wheel(0, -3000)
    await expect(page.get_by_text("Good morning, you are through")).to_be_in_viewport()
    await standin.push(Note(t=70, by="Kim", text="Well done"))
    await expect(page.get_by_role("button", name="Got it")).to_be_visible()
    assert await transcript.evaluate("list => list.scrollTop") == 0


async def test_a_note_stays_until_read(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await standin.push(Note(t=25, by="Kim", text="You may offer the voucher"))
    note = page.locator(".newest-note")
    await expect(note).to_contain_text("Kim")
    await expect(note).to_contain_text("You may offer the voucher")
    await page.get_by_role("button", name="Got it").click()
    await expect(note).to_have_count(0)
    await expect(page.get_by_text("You may offer the voucher")).to_be_visible()


async def test_says_what_does_not_work_and_what_is_off(page: Page, standin: StandIn) -> None:
    standin.me = {"role": "agent", "agent": {"id": "ada", "name": "Ada"}}
    limit = "Talk-over is off: both parties share one channel"
    standin.put(story.stamp("late-parcel", [story.started(separated=False, limits=[limit])]))
    await page.goto("/agent")
    await expect(page.get_by_text(limit)).to_be_visible()
    await standin.push(Degraded(t=3, part="words", active=True, reason="Words are late"))
    await expect(page.get_by_text("Words are late")).to_be_visible()
    await standin.push(Degraded(t=9, part="words", active=False, reason="Words are back"))
    await expect(page.get_by_text("Words are late")).to_have_count(0)


async def test_never_shows_speech_rates_nor_any_mood_of_the_agent(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin, t=25)
    await standin.push(
        Pace(
            t=25.1,
            agent_syl_per_s=5.37,
            customer_syl_per_s=3.91,
            agent_wpm=211.0,
            customer_wpm=143.0,
        ),
        Overlap(t=25.2, id="o9", kind="talk_over", by="agent", t0=24, t1=25, score=3),
        Words(t=25.3, utterance=91, party="agent", t0=24, t1=25, text="the last words"),
    )
    await expect(page.get_by_text("the last words")).to_be_visible()
    text = await page.locator("main").inner_text()
    assert not re.search(r"5\.3|3\.9|\b21[01]\b|\b14[23]\b|wpm|syll|words/min", text)
    moods = page.locator(".mood")
    await expect(moods).to_have_count(1)
    await expect(page.locator(".state > div").first).to_contain_text("Customer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_is_accessible_with_a_nudge_and_without(
    page: Page, standin: StandIn, scheme: str
) -> None:
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await opened(page, standin)
    assert await axe(page) == []
    await standin.push(vent(), Note(t=26.3, by="Kim", text="I am listening"))
    await expect(page.get_by_text("Let them vent")).to_be_visible()
    assert await axe(page) == []


@pytest.mark.parametrize("width", [360, 480, 1280])
async def test_fits_its_window_without_scrolling(page: Page, standin: StandIn, width: int) -> None:
    await opened(page, standin)
    await page.set_viewport_size({"width": width, "height": 760})
    await standin.push(
        vent().model_copy(
            update={
                "title": "Acknowledge what happened",
                "text": "Name what went wrong for them, in words of their own.",
                "why": "They said “nobody ever reads what the last person wrote down” 34 s ago; "
                "not acknowledged yet, and they were talked over twice since then",
            }
        ),
        Note(t=26.3, by="Kim", text="I am listening, and I will join if you want me to"),
        Degraded(t=26.4, part="words", active=True, reason="Words are late"),
    )
    await expect(page.get_by_text("Words are late")).to_be_visible()
    sizes = await page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert sizes == [width, 760]
    for name in ("Dismiss", "Pause nudges 5 min", "Got it"):
        await expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    body, slot = page.locator(".nudge-body"), page.locator(".nudge-slot")
    assert await body.evaluate("box => box.scrollHeight <= box.clientHeight")
    assert await slot.evaluate("box => box.scrollHeight <= box.clientHeight")


AFTER = NudgeOpened(
    t=73.1,
    id="n1",
    nudge="hard_run",
    title="Take a break",
    text="Three hard calls in an hour. Breathe out.",
    why="3 calls with an alert within an hour",
    evidence=[],
    ttl_s=60,
    when="after",
    private=True,
)


async def test_what_is_meant_for_after_the_call_stays_until_it_was_read(
    page: Page, standin: StandIn
) -> None:
    events = [event for event in story.parcel() if not event.type.startswith("nudge.")]
    standin.me = {"role": "agent", "agent": {"id": "ada", "name": "Ada Okafor"}}
    standin.put([*events, AFTER.model_copy(update={"call_id": "late-parcel", "seq": 900})])
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.goto("/agent")
    slot = page.get_by_role("region", name="Nudge")
    await expect(slot).to_contain_text("Take a break")
    assert await axe(page) == []
    await slot.get_by_role("button", name="Got it").click()
    await expect(slot).to_contain_text("Call ended")
    assert not [m for m in standin.told if m["type"] == "dismiss_nudge"]


async def test_a_nudge_waved_away_in_one_call_is_not_hidden_in_the_next(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin)
    await standin.push(vent())
    await page.get_by_role("button", name="Dismiss").click()
    slot = page.get_by_role("region", name="Nudge")
    await expect(slot).to_contain_text("Listening")
    await standin.push(
        story.started("next", customer=Person(id="c-2", name="Kim Lee")), call_id="next"
    )
    await expect(page.get_by_role("heading", name="Kim Lee")).to_be_visible()
    await standin.push(vent(), call_id="next")
    await expect(slot).to_contain_text("Let them vent")


async def test_after_the_call_the_agent_looks_back_first(page: Page, standin: StandIn) -> None:
    await opened(page, standin, t=100)
    back = page.get_by_role("region", name="Looking back")
    await expect(back).to_contain_text("Let them vent 3 of 4")
    await expect(back.get_by_role("link", name="Hear it again")).to_have_attribute(
        "href", "/replay/late-parcel"
    )
    missed = back.get_by_role("link", name="Play from 0:23 Missed")
    await expect(missed).to_have_attribute("href", "/replay/late-parcel?t=23.2")
    assert await axe(page) == []
    sizes = await page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert sizes == [NARROW["width"], NARROW["height"]]


async def test_a_supervisor_may_open_the_screen_of_an_agent(page: Page, standin: StandIn) -> None:
    standin.put(until(28.9))
    await page.goto("/agent?agent=ada")
    await expect(page.get_by_text("Let them vent")).to_be_visible()


async def test_a_link_that_ran_out_is_told_from_a_lost_connection(
    page: Page, standin: StandIn
) -> None:
    await page.clock.install()
    await opened(page, standin)
    standin.beating = False
    standin.me_status = 401
    await page.clock.run_for(5100)
    await expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()


async def test_a_stranger_is_told_how_to_get_in(page: Page, standin: StandIn) -> None:
    standin.me_status = 401
    await page.goto("/agent")
    await expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()


async def test_the_whole_reason_of_a_nudge_is_seen_in_a_narrow_window(
    page: Page, standin: StandIn
) -> None:
    await page.set_viewport_size({"width": 360, "height": 720})
    await opened(page, standin)
    why = "They said “I already told you” 12 s ago; you said sorry, not for what"
    await standin.push(
        NudgeOpened(
            t=25,
            id="n9",
            nudge="acknowledge_first",
            title="Acknowledge it first",
            text="Name what went wrong for them, then solve.",
            why=why,
            evidence=[],
            priority=9,
            ttl_s=30,
        )
    )
    line = page.get_by_text(why)
    await expect(line).to_be_in_viewport(ratio=1)
    cut = "p => [p, p.parentElement].map(box => box.scrollHeight - box.clientHeight)"
    assert await line.evaluate(cut) == [0, 0]


async def test_on_a_shared_channel_nobody_is_named(page: Page, standin: StandIn) -> None:
    standin.me = {"role": "agent", "agent": {"id": "ada", "name": "Ada"}}
    line = Words(
        t=4, party="customer", utterance=1, t0=1, t1=3, text="Hello, who is there?", final=True
    )
    standin.put(story.stamp("late-parcel", [story.started(separated=False), line]))
    await page.goto("/agent")
    await expect(page.get_by_text("Agent or customer")).to_be_visible()
    state = page.get_by_role("region", name="The call now")
    await expect(state.get_by_text("Not measured")).to_be_visible()
    await expect(state.get_by_text("Calm")).to_have_count(0)
