"""A real Chromium on the built dashboard. Skips, with the reason, where there is none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from dashboard import build_hook
from tests.browser.standin import StandIn, serving

DASHBOARD = Path(__file__).parents[2] / "dashboard"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built dashboard, built anew when a source is newer."""
    return build_hook.ensure_built(DASHBOARD)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def standin(dist: Path) -> AsyncIterator[StandIn]:
    async with serving(dist) as server:
        yield server


@asynccontextmanager
async def profile(chromium: Browser, url: str) -> AsyncIterator[BrowserContext]:
    """A fresh profile. Fails a test that logs an error or asks another machine for anything."""
    context = await chromium.new_context(
        base_url=url,
        viewport={"width": 1440, "height": 900},
        color_scheme="light",
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(8000)
    errors: list[str] = []
    elsewhere: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    context.on(
        "request",
        lambda request: (
            None
            if urlsplit(request.url).netloc == urlsplit(url).netloc
            or request.url.startswith(("data:", "blob:"))
            else elsewhere.append(request.url)
        ),
    )
    yield context
    await context.close()
    refused = [line for line in errors if "Failed to load resource" not in line]
    assert refused == []
    assert elsewhere == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, standin: StandIn) -> AsyncIterator[Page]:
    async with profile(chromium, standin.url) as context:
        yield await context.new_page()


async def axe(page: Page) -> list[str]:
    """Violations of WCAG 2 A and AA on the page as it stands."""
    source = DASHBOARD / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        build_hook.npm(DASHBOARD, "ci", "--no-audit", "--no-fund")
    await page.evaluate(source.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
    )
    return [
        f"{violation['id']}: {json.dumps([node['html'] for node in violation['nodes']])}"
        for violation in found["violations"]
    ]
