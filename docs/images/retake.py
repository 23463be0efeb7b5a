"""Retakes the pictures of the README from the real monitor: python docs/images/retake.py

Needs the packages of the tests, and Chromium. Plays the sample calls at their own pace:
about two minutes.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright, expect

from monitor.config import ServerSettings, Settings, StoreSettings
from monitor.events import Person
from monitor.house import House, open_house
from monitor.resources import resource
from monitor.sources.wav import WavSource
from tests.browser.conftest import ARGS, CHROMIUM

HERE = Path(__file__).parent
SAMPLES = resource("samples") / "rendered"
CALLS = {
    "rising": "Chloe",
    "talkover": "Ada",
    "hurry": "Dev",
    "pace": "Ben",
    "calm": "Emil",
    "echo": "Fay",
}


def live(name: str) -> WavSource:
    title = json.loads((SAMPLES / f"{name}.ref.json").read_text())["title"]
    agent = CALLS[name]
    return WavSource(
        SAMPLES / f"{name}.flac",
        speed="live",
        title=title,
        agent=Person(id=agent.lower(), name=agent),
    )


async def take(house: House) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        wide = await browser.new_context(viewport={"width": 1440, "height": 900})
        narrow = await browser.new_context(viewport={"width": 420, "height": 820})
        floor, agent = await wide.new_page(), await narrow.new_page()
        await floor.goto(house.server.link("supervisor", path="/floor"))
        await agent.goto(house.server.link("agent", Person(id="chloe", name="Chloe"), "/agent"))
        ids = {name: house.calls.start(live(name)).call_id for name in CALLS}
        await expect(agent.get_by_role("region", name="Nudge")).to_contain_text(
            "Let them vent", timeout=110_000
        )
        await agent.screenshot(path=HERE / "agent.png")
        await floor.locator(".call-card", has_text="Chloe").click()
        await expect(floor.get_by_role("complementary")).to_contain_text("already told you")
        await floor.screenshot(path=HERE / "floor.png")
        await house.calls.wait(ids["rising"])
        replay = await wide.new_page()
        await replay.goto(f"{house.server.url}/replay/{ids['rising']}")
        await expect(replay.locator(".waves div").first).to_be_attached()
        await replay.locator(".word", has_text="third").first.click()
        await expect(replay.locator(".word.lit")).to_contain_text("third")
        await replay.screenshot(path=HERE / "replay.png")
        await browser.close()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            server=ServerSettings(port=0), store=StoreSettings(data_dir=Path(folder))
        )
        async with open_house(settings) as house:
            await take(house)


if __name__ == "__main__":
    asyncio.run(main())
