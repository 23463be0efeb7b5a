"""Recordings sent in: what is refused, and that nothing of them is left."""

import errno
from pathlib import Path
from typing import Any

import pytest

from monitor.server import uploads
from tests.serving import Stage, stage
from tests.test_server_calls import wav_bytes

REQUIRED = {"privacy": {"consent": "required"}}


def files(name: str = "a.wav") -> dict[str, Any]:
    return {"file": (name, wav_bytes(), "audio/wav")}


def left(s: Stage) -> list[Path]:
    folder = s.store.folder / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


async def test_without_consent_nothing_is_analysed_or_kept(tmp_path: Path) -> None:
    async with stage(tmp_path, REQUIRED) as s, s.client() as client:
        refused = await client.post("/api/recordings", files=files())
        assert refused.status_code == 403
        assert "consent" in refused.json()["detail"]
        said_no = {"consent": "false"}
        assert (
            await client.post("/api/recordings", files=files(), data=said_no)
        ).status_code == 403
        assert (s.uploads, left(s)) == ([], [])
        given = {"consent": "true"}
        assert (await client.post("/api/recordings", files=files(), data=given)).status_code == 202


async def test_a_recording_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    async with stage(tmp_path, keep_free_bytes=2**62) as s, s.client() as client:
        refused = await client.post("/api/recordings", files=files())
        assert refused.status_code == 507
        assert (s.uploads, left(s)) == ([], [])


async def test_a_disk_that_fills_meanwhile_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any) -> None:
        target.write(source.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")

    async with stage(tmp_path) as s, s.client() as client:
        monkeypatch.setattr(uploads.shutil, "copyfileobj", full)
        refused = await client.post("/api/recordings", files=files())
        assert refused.status_code == 507
        assert (s.uploads, left(s)) == ([], [])


async def test_a_long_file_name_is_cut_to_a_title(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        sent = await client.post("/api/recordings", files=files("x" * 500 + ".wav"))
        assert sent.status_code == 202
        assert len(s.uploads[0][2]) == 200


async def test_a_length_beside_a_chunked_body_is_not_believed(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        headers = {"Content-Length": "1", "Transfer-Encoding": "chunked"}
        refused = await client.post("/api/recordings", content=b"0\r\n\r\n", headers=headers)
        assert refused.status_code in (400, 411)
