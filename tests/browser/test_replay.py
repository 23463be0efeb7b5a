"""Replay: the same call again, on one time line, word by word."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from monitor.events import Event, Words
from tests.browser import story
from tests.browser.conftest import axe
from tests.browser.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(page: Page, standin: StandIn, events: list[Event] | None = None) -> None:
    standin.put(events or story.parcel())
    standin.audio = story.recording()
    await page.goto("/replay/late-parcel")
    await expect(page.get_by_role("heading", name="Late parcel, third call")).to_be_visible()
    await expect(page.locator(".waves div").first).to_be_attached()


async def playhead(page: Page) -> float:
    """Second at which the line stands on the screen."""
    return float(
        await page.evaluate(
            """() => {
                const axis = document.querySelector('.axis').getBoundingClientRect();
                const head = document.querySelector('.playhead').getBoundingClientRect();
                return (head.left + 1 - axis.left) / axis.width;
            }"""
        )
    ) * (story.DURATION_S)


async def stands_at(page: Page, t: float) -> None:
    """The line comes to stand at second t (not near a full one); the slider says so too."""
    slider = page.get_by_role("slider", name="Playhead")
    await expect(slider).to_have_attribute("aria-valuenow", str(int(t)))
    async with asyncio.timeout(5):
        # Each look is a round trip to the browser, which draws in between.
        while await playhead(page) != pytest.approx(t, abs=0.15):
            continue


async def click_at(page: Page, t: float) -> None:
    box = await page.get_by_role("slider", name="Playhead").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * t / story.DURATION_S, box["y"] + 60)


async def test_the_list_is_newest_first_and_can_be_searched(page: Page, standin: StandIn) -> None:
    for name, day in (("older", 3), ("newest", 9), ("middle", 5)):
        first = story.started(name, title=name, started_at=f"2030-03-0{day}T10:00:00+00:00")
        standin.put(story.stamp(name, [first]))
    await page.goto("/replay")
    titles = page.locator("tbody td:first-child a")
    await expect(titles).to_have_text(["newest", "middle", "older"])
    await page.get_by_label("Find a call").fill("midd")
    await expect(titles).to_have_text(["middle"])
    await titles.click()
    await expect(page).to_have_url(re.compile(r"/replay/middle$"))
    await page.go_back()
    await expect(page.get_by_role("heading", name="Calls")).to_be_visible()


async def test_a_click_on_the_time_line_moves_everything(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await click_at(page, 29.1)
    await stands_at(page, 29.1)
    now = page.get_by_role("region", name="At the playhead")
    await expect(now).to_contain_text("Let them vent")
    await expect(now).to_contain_text("Alert · rising")
    await expect(now).to_contain_text("Customer speaks")
    await expect(now).to_contain_text("Acknowledge it first: not shown, another one had its turn")
    await expect(page.locator(".word.lit")).to_have_text("took")

    await click_at(page, 60.0)
    await expect(now).to_contain_text("Calm")
    await expect(now).not_to_contain_text("Let them vent")


async def test_a_click_on_a_word_jumps_there(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await page.locator(".word", has_text="depot").click()
    line = next(t0 for _, t0, text in story.LINES if "depot" in text)
    await stands_at(page, line + 8 * story.WORD_S)
    await expect(page.locator(".word.lit")).to_have_text("depot,")


async def test_playback_follows_the_words(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await page.locator(".word", has_text="nobody").first.click()
    await page.evaluate(
        """() => {
            const lit = [];
            const note = () => {
                const word = document.querySelector('.word.lit');
                if (word && lit.at(-1) !== word.dataset.t) lit.push(word.dataset.t);
                document.body.dataset.lit = lit.join(' ');
            };
            new MutationObserver(note).observe(
                document.querySelector('.spoken'), {subtree: true, attributeFilter: ['class']});
        }"""
    )
    body = page.locator("body")
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(body).to_have_attribute("data-lit", re.compile(r"^(\S+ ){4}"))
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    followed = [float(t) for t in (await body.get_attribute("data-lit") or "").split()]
    spoken = [word.t0 for _, t0, text in story.LINES for word in story.words(text, t0)]
    assert followed == sorted(followed)
    assert all(min(abs(t - known) for known in spoken) < 1e-6 for t in followed)
    assert 23.2 < followed[0] < followed[-1] <= await playhead(page) + 0.1


async def test_the_keyboard_moves_the_playhead(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    slider = page.get_by_role("slider", name="Playhead")
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowLeft")
    await expect(slider).to_have_attribute("aria-valuenow", "9")
    await page.keyboard.press("Home")
    await expect(slider).to_have_attribute("aria-valuenow", "0")


async def test_one_reducer_the_replayed_second_is_the_live_second(
    page: Page, standin: StandIn
) -> None:
    """What the agent's screen said at 28.9 s is what the replay says at 28.9 s."""
    standin.put([event for event in story.parcel() if event.t <= 28.9])
    await page.goto("/agent?agent=ada")
    title = await page.locator(".nudge-title").inner_text()
    band = await page.locator(".state .mood").inner_text()

    await opened(page, standin)
    await click_at(page, 28.9)
    now = page.get_by_role("region", name="At the playhead")
    await expect(now.locator(".mini strong")).to_have_text(title)
    await expect(now.locator(".mood")).to_have_text(band)


async def test_the_lanes_hold_what_happened(page: Page, standin: StandIn) -> None:
    events = story.parcel()
    await opened(page, standin, events)
    turns = sum(event.type == "turn" for event in events)
    await expect(page.locator(".turns rect")).to_have_count(turns)
    await expect(page.locator(".overlaps rect.talk_over")).to_have_count(1)
    await expect(page.locator(".overlaps rect.backchannel")).to_have_count(1)
    await expect(page.locator(".silence rect.dead")).to_have_count(1)
    await expect(page.locator(".cues path")).to_have_count(5)
    await expect(page.locator(".cues path.slight")).to_have_count(2)
    await expect(page.locator(".nudges")).to_contain_text("✓ Let them vent")


async def test_moments_and_figures(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    moments = page.get_by_role("region", name="Moments", exact=True)
    await moments.get_by_role("button", name="Agent talks over").click()
    await stands_at(page, 23.2)
    figures = page.get_by_role("region", name="Figures", exact=True)
    await expect(figures).to_contain_text("24.2")
    await expect(figures).to_contain_text("Agent 54 %")
    await page.get_by_text("Who looked at this call (1)").click()
    await expect(page.get_by_text("read what was said")).to_be_visible()


async def test_a_case_of_the_scorecard_plays_from_a_little_before_it(
    page: Page, standin: StandIn
) -> None:
    await opened(page, standin)
    card = page.get_by_role("region", name="Scorecard")
    await expect(card.locator("li")).to_have_count(3)
    await expect(card.locator("li").first).to_contain_text("Let them vent 3 of 4")
    await expect(card.locator("li").nth(2)).to_contain_text("0 of 2 · too few to say")
    await expect(card).to_contain_text("1 of 7 rest on recognised words, which are 86 % sure")
    await card.get_by_role("button", name="Play from 0:23 Missed: They are upset, and you").click()
    await page.get_by_role("button", name="Pause", exact=True).click()
    assert 21.1 < await playhead(page) < 30


async def test_a_link_to_a_second_stands_there(page: Page, standin: StandIn) -> None:
    standin.put(story.parcel())
    standin.audio = story.recording()
    await page.goto("/replay/late-parcel?t=53.5")
    await stands_at(page, 51.5)


async def test_zoom_keeps_second_and_place_together(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    await click_at(page, 10.5)
    await page.get_by_label("Zoom").select_option("4")
    await expect(page.locator(".axis")).to_have_js_property("clientWidth", await axis_width(page))
    await stands_at(page, 10.5)
    await click_at(page, 12.5)
    await stands_at(page, 12.5)


async def axis_width(page: Page) -> int:
    view = await page.locator(".timeline-scroll").evaluate("box => box.clientWidth")
    return int((view - 104) * 4)


async def test_a_call_without_a_recording_still_replays(page: Page, standin: StandIn) -> None:
    standin.put(story.parcel())
    await page.goto("/replay/late-parcel")
    await expect(page.get_by_text("no recording kept")).to_be_visible()
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(page.locator(".word.lit").first).to_be_visible()


async def test_a_live_call_grows_while_it_is_looked_at(page: Page, standin: StandIn) -> None:
    standin.put([event for event in story.parcel() if event.t <= 28.9])
    await page.goto("/replay/late-parcel")
    await standin.wait_told(lambda m: m.get("call_id") == "late-parcel")
    await standin.push(Words(t=31, utterance=60, party="customer", t0=29, t1=31, text="right now"))
    await expect(page.get_by_text("right now")).to_be_visible()


async def test_the_playhead_stays_when_a_followed_call_ends(page: Page, standin: StandIn) -> None:
    whole = story.parcel()
    cut = next(i for i, event in enumerate(whole) if event.t > 28.9)
    standin.put(whole[:cut])
    standin.audio = story.recording()
    await page.goto("/replay/late-parcel")
    await standin.wait_told(lambda m: m.get("call_id") == "late-parcel")
    await page.locator(".word", has_text="third").click()
    await expect(page.locator(".word.lit")).to_have_text("third")
    await expect(page.get_by_text("still going on")).to_be_visible()
    for event in whole[cut:]:
        await standin.push(event)
    await expect(page.get_by_text("still going on")).to_have_count(0)
    lit = page.locator(".word.lit")
    await expect(lit).to_have_text("third")
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(lit).not_to_have_text("third")
    await page.keyboard.press("Space")
    assert await playhead(page) > 18.8
    await page.locator(".word", has_text="reads").click()
    await expect(lit).to_have_text("reads")


async def test_a_recording_can_be_sent_in(page: Page, standin: StandIn) -> None:
    standin.put(story.parcel())
    await page.goto("/replay")
    await page.get_by_label("In a stereo file the agent is on the").select_option("1")
    file = {"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await expect(page).to_have_url(re.compile(r"/replay/late-parcel$"))
    assert standin.uploads == [{"name": "call.wav", "agent_channel": "1"}]


async def test_a_recording_can_be_dropped(page: Page, standin: StandIn) -> None:
    standin.put(story.parcel())
    await page.goto("/replay")
    await expect(page.get_by_role("heading", name="Calls")).to_be_visible()
    await page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['RIFF'], 'dropped.wav', {type: 'audio/wav'}));
            for (const type of ['dragover', 'drop'])
                document.body.dispatchEvent(
                    new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
        }"""
    )
    await expect(page).to_have_url(re.compile(r"/replay/late-parcel$"))
    assert standin.uploads == [{"name": "dropped.wav", "agent_channel": "0"}]


async def test_where_consent_is_required_a_recording_waits_for_it(
    page: Page, standin: StandIn
) -> None:
    standin.me = {"role": "supervisor", "consent_required": True}
    standin.put(story.parcel())
    await page.goto("/replay")
    file = {"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    chooser = page.locator("input[type=file]")
    await chooser.set_input_files(file)  # type: ignore[arg-type]
    await expect(page.get_by_text("Say first that both parties have consented.")).to_be_visible()
    assert standin.uploads == []
    await page.get_by_label("Both parties have consented to this").check()
    await chooser.set_input_files(file)  # type: ignore[arg-type]
    await expect(page).to_have_url(re.compile(r"/replay/late-parcel$"))
    assert standin.uploads == [{"name": "call.wav", "agent_channel": "0", "consent": "true"}]


async def test_the_bands_of_the_mood_are_those_of_the_settings(
    page: Page, standin: StandIn
) -> None:
    standin.me = {"role": "supervisor", "mood_lines": {"watch": 1, "alert": 6, "most": 9}}
    standin.put(story.parcel())
    await page.goto("/replay/late-parcel")
    curve = page.get_by_role("img", name=re.compile("of 9; alert line at 6$"))
    await expect(curve).to_be_visible()


async def test_a_refused_recording_says_why(page: Page, standin: StandIn) -> None:
    standin.refusal = "call.txt is not audio this monitor can read"
    await page.goto("/replay")
    file = {"name": "call.txt", "mimeType": "text/plain", "buffer": b"hello"}
    await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await expect(page.get_by_text("call.txt is not audio this monitor can read")).to_be_visible()


async def test_deleting_asks_first(page: Page, standin: StandIn) -> None:
    await opened(page, standin)
    page.once("dialog", lambda dialog: dialog.dismiss())
    await page.get_by_role("button", name="Delete").click()
    assert "late-parcel" in standin.calls
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/replay$"))
    assert "late-parcel" not in standin.calls


async def test_an_unknown_call_says_so(page: Page, standin: StandIn) -> None:
    await page.goto("/replay/nothing")
    await expect(page.get_by_text("There is no such call.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_list_and_call_are_accessible(page: Page, standin: StandIn, scheme: str) -> None:
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    standin.put(story.parcel())
    await page.goto("/replay")
    await expect(page.get_by_role("link", name="Late parcel")).to_be_visible()
    assert await axe(page) == []
    await opened(page, standin)
    await click_at(page, 29.0)
    assert await axe(page) == []
