"""Is everything here that a call needs? Each check says what it found and how to mend it."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor import registry
from monitor.audio import BLOCK, RATE_HZ, AudioError
from monitor.audiofile import AudioFile
from monitor.config import Settings
from monitor.ear import Ear
from monitor.engines import EngineError
from monitor.resources import resource
from monitor.runtime import USUAL, learned_of, meaning_of
from monitor.sources import SourceError
from monitor.sources.microphone import devices
from monitor.weights import ENCODER_MISSING, WeightsError, find, find_encoder
from monitor.wording import normalise

PROVEN = 0.5
"""Share of a sample's words that working weights get right; the default's is 1."""
SAMPLE_LANGUAGE = "en"
MEANT = "Get me the person who runs the place"
MEANS = "escalation_request"
"""No phrase hears it so."""

State = Literal["ok", "warning", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    state: State
    found: str
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which a call needs the parts; slow ones last."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _dashboard,
        _samples,
        _data_dir,
        _port,
        _sound,
        _ear,
        _weights,
        _words,
        _meaning,
    )
    for check in checks:
        yield check(settings)


def _python(_: Settings) -> Finding:
    return Finding("Python", "ok", ".".join(map(str, sys.version_info[:3])))


def _dashboard(_: Settings) -> Finding:
    page = resource("dashboard") / "index.html"
    if page.is_file():
        return Finding("dashboard", "ok", "built")
    return Finding("dashboard", "missing", "not built", "pip install . (or make demo) builds it")


def _samples(_: Settings) -> Finding:
    names = sorted(path.stem for path in (resource("samples") / "rendered").glob("*.flac"))
    if names:
        return Finding("samples", "ok", ", ".join(names))
    return Finding("samples", "warning", "none", "the demo needs them: install the whole package")


def _data_dir(settings: Settings) -> Finding:
    folder = settings.store.data_dir
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    try:
        probe = existing / ".call-monitor-doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            "data folder", "missing", f"{folder}: {error.strerror}", "set store.data_dir elsewhere"
        )
    found = f"{folder}, {free_gb:.1f} GB free"
    if free_gb < 1:
        return Finding("data folder", "warning", found, "an hour of calls takes about 0.1 GB")
    return Finding("data folder", "ok", found)


def _port(settings: Settings) -> Finding:
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        return Finding("port", "missing", f"host {host}: {error.strerror}", "set server.host")
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return Finding(
                "port",
                "warning",
                f"{host}:{port}: {error.strerror}",
                "choose another: monitor serve --port",
            )
    return Finding("port", "ok", f"{host}:{port} is free")


def _sound(_: Settings) -> Finding:
    try:
        found = devices()
    except SourceError as error:
        return Finding("sound", "warning", "no microphone", str(error))
    inputs = [d.name for d in found]
    if not inputs:
        return Finding("sound", "warning", "no input device", "only `monitor listen` needs one")
    return Finding("sound", "ok", ", ".join(inputs[:4]))


def _ear(_: Settings) -> Finding:
    began = time.perf_counter()
    ear = Ear()
    loaded_s = time.perf_counter() - began
    blocks = 300
    rng = np.random.default_rng(0)
    pcm = rng.normal(0, 0.01, (2, blocks, BLOCK)).astype(np.float32)
    slots = ear.open(2)
    began = time.perf_counter()
    ear.hear(slots, pcm)
    us = (time.perf_counter() - began) / (2 * blocks) * 1e6
    return Finding("ear", "ok", f"loaded in {loaded_s:.1f} s, {us:.0f} µs per channel and block")


def _weights(settings: Settings) -> Finding:
    try:
        weights = find(settings.asr)
        mark = weights.fingerprint()[:12]
    except (WeightsError, OSError) as error:
        return Finding("weights", "missing", settings.asr.model, str(error))
    place = _short(weights.folder)
    if not weights.checked:
        return Finding("weights", "ok", f"own folder {place}, not checked, model.bin {mark}…")
    languages = "many languages" if "*" in weights.languages else " ".join(weights.languages)
    found = f"{settings.asr.model} ({languages}) from the {weights.source}, {place}"
    return Finding("weights", "ok", f"{found}, checksums match, model.bin {mark}…")


def _words(settings: Settings) -> Finding:
    """The first line of a sample, decoded as a call's would be and held against its text."""
    try:
        spoken = _first_line()
        if spoken is None:
            return Finding("words", "warning", "no sample to try", "")
        pcm, text = spoken
        engine = registry.load("monitor.engines", settings.asr.engine).create(settings.asr)
        began = time.perf_counter()
        [decoded] = engine.transcribe([pcm], language=SAMPLE_LANGUAGE, word_times=False)
    except WeightsError:
        return Finding("words", "missing", "not tried", "mend the weights; --no-words goes without")
    except (AudioError, EngineError, registry.UnknownName) as error:
        return Finding("words", "missing", "speech-to-text does not work", str(error))
    took_s = time.perf_counter() - began
    said, wanted = normalise(decoded.text).split(), normalise(text).split()
    blocks = SequenceMatcher(None, wanted, said, autojunk=False).get_matching_blocks()
    right = sum(block.size for block in blocks)
    found = (
        f"{right} of {len(wanted)} words of a sample in {took_s:.1f} s: “{decoded.text.strip()}”"
    )
    if right < PROVEN * len(wanted):
        return Finding("words", "missing", found, f"other weights; it says “{text}”")
    return Finding("words", "ok", found)


def _meaning(settings: Settings) -> Finding:
    """A sentence of a customer that no phrase hears, read as a call's would be."""
    if not settings.asr.meaning:
        return Finding("meaning", "ok", "off (asr.meaning): phrases are heard")
    learned = learned_of(settings.asr)
    if learned is None:
        language = settings.asr.language or USUAL
        return Finding("meaning", "warning", f"not learned for asr.language {language}")
    try:
        weights = find_encoder(settings.asr)
        meaning = meaning_of(settings.asr) if weights is not None else None
        if weights is None or meaning is None:
            found, _, mend = ENCODER_MISSING.partition(": ")
            return Finding("meaning", "warning", f"{found}, only phrases are heard", mend)
        began = time.perf_counter()
        heard = {one.family: one.log_odds for one in meaning.read(MEANT, "customer")}
    except RuntimeError as error:  # of its weights, or of the encoder at work
        return Finding("meaning", "missing", "does not work", str(error))
    took_ms = (time.perf_counter() - began) * 1000
    place = f"text encoder from the {weights.source}, {_short(weights.folder)}, checksums match"
    if heard.get(MEANS, -1.0) < 0:
        mend = f"reinstall call-monitor: {learned.name} and the encoder do not fit"
        return Finding("meaning", "missing", f"{place}, but “{MEANT}” tells it nothing", mend)
    found = f"{place}; “{MEANT}” is {MEANS.replace('_', ' ')}, in {took_ms:.0f} ms"
    return Finding("meaning", "ok", found)


def _first_line() -> tuple[NDArray[np.float32], str] | None:
    """Audio, shape (samples,) at 8 kHz, and text of the first line of the first sample."""
    rendered = resource("samples") / "rendered"
    for clip in sorted(rendered.glob("*.flac")):
        reference = clip.with_suffix(".ref.json")
        if reference.is_file():
            call = json.loads(reference.read_text(encoding="utf-8"))
            line = call["lines"][0]
            channel = call["agent_channel"] ^ (line["party"] == "customer")
            first, stop = round(line["t0"] * RATE_HZ), round(line["t1"] * RATE_HZ)
            heard = next(AudioFile(clip).pieces(line["t1"] + 1))[channel]
            return heard[first:stop], line["text"]
    return None


def _short(folder: Path) -> str:
    parts = folder.parts
    return str(Path(*parts[-2:])) if len(parts) > 2 else str(folder)
