"""The floor: hottest first, cards that hold still, one call followed beside them."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from monitor.events import CallEnded, Evidence, Mood, Note, Overlap, Person, Words
from tests.browser import story
from tests.browser.conftest import axe
from tests.browser.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def names(page: Page) -> list[str]:
    return await page.locator(".call-card h2").all_inner_texts()


def mood(t: float, score: float, level: str, why: str = "") -> Mood:
    reasons = [Evidence(kind="words", t=t, text=why)] if why else []
    return Mood(t=t, score=score, level=level, reasons=reasons)


async def opened(page: Page, standin: StandIn, *moods: tuple[float, str]) -> None:
    for index, (score, level) in enumerate(moods):
        standin.put(story.floor_call(index, score, level))
    await page.goto("/floor")
    await expect(page.locator(".call-card")).to_have_count(len(moods))


async def test_hottest_first_with_the_reason(page: Page, standin: StandIn) -> None:
    await opened(page, standin, (0.2, "calm"), (3.6, "alert"), (2.5, "watch"), (6.0, "alert"))
    await expect(page.get_by_role("heading", name="4 live calls")).to_be_visible()
    assert await names(page) == ["Dana Kim", "Ben Lindqvist", "Chiara Rossi", "Ada Okafor"]
    first = page.locator(".call-card").first
    await expect(first).to_contain_text("Alert")
    await expect(first).to_contain_text("Agent talked over them twice")
    await expect(page.get_by_text("2 on alert")).to_be_visible()


async def test_a_call_that_goes_on_alert_comes_to_the_front(page: Page, standin: StandIn) -> None:
    await opened(page, standin, (3.0, "watch"), (0.3, "calm"))
    assert await names(page) == ["Ada Okafor", "Ben Lindqvist"]
    await standin.push(mood(200, 3.5, "alert", "Asks for a manager"), call_id="live-1")
    first = page.locator(".call-card").first
    await expect(first).to_contain_text("Ben Lindqvist")
    await expect(first).to_contain_text("Asks for a manager")


async def test_trembling_scores_move_no_card(page: Page, standin: StandIn) -> None:
    await opened(page, standin, (2.4, "watch"), (2.3, "watch"), (2.2, "watch"))
    before = await names(page)
    for beat in range(6):
        for index in range(3):
            score = 2.3 + 0.35 * (1 if (beat + index) % 2 else -1)
            why = f"beat {beat}"
            await standin.push(mood(200 + beat, score, "watch", why), call_id=f"live-{index}")
        await expect(page.get_by_text(f"beat {beat}")).to_have_count(3)
        assert await names(page) == before


async def test_a_retracted_talk_over_leaves_the_card(page: Page, standin: StandIn) -> None:
    await opened(page, standin, (1.0, "calm"))
    over = Overlap(t=200, id="o7", kind="talk_over", by="agent", t0=198, t1=199, final=False)
    await standin.push(over, call_id="live-0")
    await expect(page.get_by_text("1 talk-over")).to_be_visible()
    taken_back = over.model_copy(update={"t": 202.0, "kind": "backchannel", "final": True})
    await standin.push(taken_back, call_id="live-0")
    await expect(page.get_by_text("1 talk-over")).to_have_count(0)


async def test_an_ended_call_stays_a_moment_then_leaves(page: Page, standin: StandIn) -> None:
    await page.clock.install()
    await opened(page, standin, (0.2, "calm"), (0.3, "calm"))
    await standin.push(CallEnded(t=300, reason="completed", duration_s=300), call_id="live-0")
    await page.clock.run_for(400)
    await expect(page.get_by_text("Ended")).to_be_visible()
    await expect(page.get_by_role("heading", name="1 live call", exact=True)).to_be_visible()
    for _ in range(12):
        await page.clock.run_for(1000)
    await expect(page.locator(".call-card")).to_have_count(1)


async def test_a_call_that_ended_while_away_leaves_no_ghost(page: Page, standin: StandIn) -> None:
    await page.clock.install()
    await opened(page, standin, (0.2, "calm"), (0.3, "calm"))
    del standin.calls["live-1"]
    told = len(standin.told)
    await standin.drop_sockets()
    for _ in range(10):
        await page.clock.run_for(500)
        if len(standin.told) > told:
            break
    await standin.wait_told(lambda m: m["type"] == "subscribe" and len(standin.told) > told)
    for _ in range(5):
        await page.clock.run_for(1000)
    await expect(page.locator(".call-card")).to_have_count(1)
    assert await names(page) == ["Ada Okafor"]


async def test_the_panel_follows_a_call_and_sends_a_private_note(
    page: Page, standin: StandIn
) -> None:
    standin.put([event for event in story.parcel() if event.t <= 28.9])
    await page.goto("/floor")
    await page.get_by_role("button", name="Ada Okafor").click()
    panel = page.get_by_role("complementary", name="One call, live")
    await expect(panel).to_contain_text("this is the third time I'm calling")
    await expect(panel).to_contain_text("Nudge: Let them vent")
    await expect(panel.get_by_role("img", name="Customer mood over the call")).to_be_visible()

    await standin.push(Words(t=30, utterance=50, party="customer", t0=29, t1=30, text="every time"))
    await expect(panel).to_contain_text("every time")

    box = panel.get_by_label("Private note to Ada Okafor")
    await box.fill("Offer the voucher")
    await box.press("Enter")
    told = await standin.wait_told(lambda m: m["type"] == "send_note")
    assert told == {"type": "send_note", "call_id": "late-parcel", "text": "Offer the voucher"}
    await expect(panel).to_contain_text("Sent to Ada Okafor")
    await expect(box).to_have_value("")
    await standin.push(Note(t=31, by="Kim", text="Offer the voucher"))
    await expect(panel.get_by_text("Private note · Kim")).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(page.get_by_role("button", name="Ada Okafor")).to_be_focused()


async def test_the_panel_continues_after_what_is_stored(page: Page, standin: StandIn) -> None:
    """History over REST, then since=seq: nothing twice, nothing missing."""
    events = [event for event in story.parcel() if event.t <= 28.9]
    standin.put(events)
    await page.goto("/floor")
    await page.get_by_role("button", name="Ada Okafor").click()
    told = await standin.wait_told(lambda m: m.get("call_id") == "late-parcel")
    assert told["since"] == events[-1].seq
    panel = page.get_by_role("complementary", name="One call, live")
    spoken = sum(event.type == "words" for event in events)
    await expect(panel.locator(".utterance.agent, .utterance.customer")).to_have_count(spoken)


async def test_find_narrows_the_cards(page: Page, standin: StandIn) -> None:
    await opened(page, standin, (0.2, "calm"), (0.3, "calm"), (0.4, "calm"))
    await page.get_by_label("Find an agent or a customer").fill("chiara")
    await expect(page.locator(".call-card")).to_have_count(1)
    assert await names(page) == ["Chiara Rossi"]


async def test_fifty_calls_at_once_all_end_up_right(page: Page, standin: StandIn) -> None:
    await opened(page, standin, *[(0.2, "calm")] * 50)
    for round_ in range(20):
        for index in range(50):
            score = index / 10 if round_ == 19 else (index + round_) % 7 / 3
            level = "alert" if score > 3.4 else "watch" if score > 2 else "calm"
            await standin.push(mood(400 + round_, score, level), call_id=f"live-{index}")
    await expect(page.get_by_text("15 on alert")).to_be_visible()
    await expect(page.get_by_text("14 to watch")).to_be_visible()
    bands = await page.locator(".call-card .mood").all_inner_texts()
    assert bands == ["Alert"] * 15 + ["Watch"] * 14 + ["Calm"] * 21
    drawn = await page.locator(".call-card:not(.calm) .spark").evaluate_all(
        "curves => curves.filter(curve => curve.getBoundingClientRect().height > 0).length"
    )
    assert drawn == 15 + 14


async def test_no_live_calls_is_said_in_words(page: Page, standin: StandIn) -> None:
    await page.goto("/floor")
    await expect(page.get_by_role("heading", name="No live calls")).to_be_visible()
    new = story.started("new", agent=Person(id="z", name="Zoe"))
    await standin.push(new, call_id="new")
    await expect(page.get_by_role("button", name="Zoe")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_is_accessible_with_the_panel_and_without(
    page: Page, standin: StandIn, scheme: str
) -> None:
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await opened(page, standin, (0.2, "calm"), (4.2, "alert"), (2.5, "watch"))
    assert await axe(page) == []
    await page.get_by_role("button", name="Ben Lindqvist").click()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert await axe(page) == []
