from pathlib import Path

import pytest

from tests.serving import stage


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the screens</title>")
    (folder / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret.txt").write_text("not yours")
    return folder


@pytest.mark.parametrize("path", ["/", "/agent", "/floor", "/replay", "/replay/c1"])
async def test_every_screen_is_the_one_page(tmp_path: Path, built: Path, path: str) -> None:
    async with stage(tmp_path, dashboard=built) as s, s.client(None) as client:
        page = await client.get(path)
        assert page.status_code == 200
        assert "the screens" in page.text


async def test_assets_are_cached_and_nothing_outside_is_served(tmp_path: Path, built: Path) -> None:
    async with stage(tmp_path, dashboard=built) as s, s.client(None) as client:
        script = await client.get("/assets/app-1a2b.js")
        assert (script.status_code, script.text) == (200, "1")
        assert "immutable" in script.headers["cache-control"]
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get("/api/nothing")).status_code == 404


async def test_every_answer_is_fenced_in(tmp_path: Path, built: Path) -> None:
    async with stage(tmp_path, dashboard=built) as s, s.client(None) as client:
        for path in ("/", "/api/me", "/api/docs", "/assets/app-1a2b.js", "/nothing"):
            headers = (await client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "script-src 'self';" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers
        assert (await client.get("/api/me")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
async def test_without_the_build_a_page_says_how_to_build(
    tmp_path: Path, folder: Path | None
) -> None:
    async with stage(tmp_path, dashboard=folder) as s, s.client(None) as client:
        page = await client.get("/floor")
        assert page.status_code == 503
        assert "npm run build" in page.text
