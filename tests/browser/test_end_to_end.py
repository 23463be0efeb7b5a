"""The whole monitor in a real browser: sample calls heard, understood and shown.

Real weights, ear, server and screens; only the clock of the recordings runs faster,
so that a call of a minute and a half is over in half a minute.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from monitor.config import ServerSettings, Settings, StoreSettings
from monitor.events import Person
from monitor.house import House, open_house
from monitor.resources import resource
from monitor.sources.wav import WavSource
from tests.browser.conftest import profile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.weights,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]

SPEED_UP = 3.0
SAMPLES = resource("samples") / "rendered"
SOON_MS = 60_000  # a call of 100 s at three times its pace, on a busy machine


@pytest_asyncio.fixture(loop_scope="session")
async def house(dist: Path, tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        server=ServerSettings(port=0), store=StoreSettings(data_dir=tmp_path / "data")
    )
    async with open_house(settings) as opened:
        yield opened


def live(name: str, agent: str) -> WavSource:
    """A sample as a live call, at three times its pace."""
    loop = asyncio.get_running_loop()
    return WavSource(
        SAMPLES / f"{name}.flac",
        speed="live",
        title=name,
        agent=Person(id=agent.lower(), name=agent),
        clock=lambda: loop.time() * SPEED_UP,
        sleep=lambda seconds: asyncio.sleep(seconds / SPEED_UP),
    )


def expected(name: str) -> set[str]:
    reference = json.loads((SAMPLES / f"{name}.ref.json").read_text())
    return {nudge["nudge"] for nudge in reference["nudges"]}


async def test_the_agent_who_talks_over_is_told(chromium: Browser, house: House) -> None:
    assert expected("talkover") == {"let_them_finish"}
    async with profile(chromium, house.server.url) as context:
        page = await context.new_page()
        await page.goto(house.server.link("agent", Person(id="ada", name="Ada"), "/agent"))
        house.calls.start(live("talkover", "Ada"))
        # Looked at with every frame: at three times its pace a nudge that is heeded is soon gone.
        await page.wait_for_function(
            """() => {
                const told = document.querySelector('[aria-label="Nudge"]')?.textContent ?? '';
                return told.includes('Let them finish')
                    && told.includes('Pause. Let them end their sentence first.');
            }""",
            timeout=SOON_MS,
        )
        await expect(page.get_by_label("Transcript")).to_contain_text("charged twice")


async def test_the_floor_puts_the_rising_call_first(chromium: Browser, house: House) -> None:
    async with profile(chromium, house.server.url) as context:
        page = await context.new_page()
        await page.goto(house.server.link("supervisor", path="/floor"))
        for name, agent in (("calm", "Ada"), ("echo", "Ben"), ("rising", "Chloe")):
            house.calls.start(live(name, agent))
        cards = page.locator(".call-card")
        await expect(cards).to_have_count(3)
        await expect(cards.first).to_contain_text("Alert", timeout=SOON_MS)
        await expect(cards.first.locator("h2")).to_have_text("Chloe")
        await cards.first.click()
        panel = page.get_by_role("complementary", name="One call, live")
        await expect(panel).to_contain_text("already told you")
        await panel.get_by_role("textbox").fill("I am with you")
        await panel.get_by_role("button", name="Send").click()
        async with profile(chromium, house.server.url) as agents:
            screen = await agents.new_page()
            await screen.goto(house.server.link("agent", Person(id="chloe", name="C"), "/agent"))
            await expect(screen.get_by_text("I am with you", exact=True)).to_be_visible()


async def test_a_recording_is_replayed_word_by_word(chromium: Browser, house: House) -> None:
    source = WavSource(SAMPLES / "rising.flac", title="A parcel that is late")
    call_id = house.calls.start(source, recorded=True).call_id
    await house.calls.wait(call_id)
    async with profile(chromium, house.server.url) as context:
        page = await context.new_page()
        await page.goto(house.server.link("supervisor", path=f"/replay/{call_id}"))
        await expect(page.get_by_role("heading", name="A parcel that is late")).to_be_visible()
        await expect(page.locator(".waves div").first).to_be_attached()
        await expect(page.get_by_role("region", name="Moments", exact=True)).to_contain_text(
            "Let them vent"
        )
        await page.locator(".word", has_text="parcel").first.click()
        lit = page.locator(".word.lit")
        await expect(lit).to_contain_text("parcel")
        slider = page.get_by_role("slider", name="Playhead")
        began = float(await slider.get_attribute("aria-valuenow") or 0)
        await page.get_by_role("button", name="Play", exact=True).click()
        await expect(lit).not_to_contain_text("parcel")
        await expect(slider).not_to_have_attribute("aria-valuenow", str(int(began)))
        await page.get_by_role("button", name="Pause", exact=True).click()
        assert float(await slider.get_attribute("aria-valuenow") or 0) > began
