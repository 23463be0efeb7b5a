"""Input devices of this machine, by PortAudio and, where it runs, PulseAudio or PipeWire."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from monitor.sources import SourceError

_LOOPBACK: Final = re.compile(
    r"\bmonitor\b|\.monitor$|loopback|stereo mix|what u hear|blackhole|soundflower|cable output",
    re.IGNORECASE,
)
_PULSE: Final = "pulse"
_PACTL_TIMEOUT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Device:
    """An input. ``loopback`` devices hear what the machine plays: the customer's side."""

    number: int
    name: str
    channels: int
    rate_hz: int
    loopback: bool
    index: int  # PortAudio's; all PulseAudio sources share one
    pulse_source: str | None = None


def portaudio() -> Any:
    """The sounddevice module. Raises SourceError where the PortAudio library is missing."""
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:
        raise SourceError(
            f"no sound library ({error}): apt install libportaudio2, or brew install portaudio"
        ) from error


def devices(sounddevice: Any = None) -> list[Device]:
    """Every input device, numbered. Raises SourceError without PortAudio.

    PortAudio sees PulseAudio (and PipeWire) as one device, "pulse"; its sources, monitors
    of loudspeakers among them, are listed after the others as ``pulse:NAME``.
    """
    sounddevice = sounddevice or portaudio()
    try:
        listed = list(sounddevice.query_devices())
    except sounddevice.PortAudioError as error:
        raise SourceError(f"the sound devices cannot be listed: {error}") from error
    found = [
        Device(
            number=index,
            name=str(device["name"]),
            channels=int(device["max_input_channels"]),
            rate_hz=round(device["default_samplerate"]),
            loopback=_LOOPBACK.search(str(device["name"])) is not None,
            index=index,
        )
        for index, device in enumerate(listed)
        if device["max_input_channels"] > 0
    ]
    pulse = next((device for device in found if device.name == _PULSE), None)
    if pulse is not None:
        for number, (name, channels, rate_hz) in enumerate(_pulse_sources(), len(listed)):
            found.append(
                Device(
                    number=number,
                    name=f"{_PULSE}:{name}",
                    channels=channels,
                    rate_hz=rate_hz,
                    loopback=name.endswith(".monitor"),
                    index=pulse.index,
                    pulse_source=name,
                )
            )
    return found


def _pulse_sources() -> Iterator[tuple[str, int, int]]:
    """Name, channels and rate of each; nothing where pactl is not there or has no server."""
    pactl = shutil.which("pactl")
    if pactl is None:
        return
    try:
        answer = subprocess.run(  # noqa: S603
            [pactl, "-f", "json", "list", "short", "sources"],
            capture_output=True,
            timeout=_PACTL_TIMEOUT_S,
            check=True,
        )
        sources = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError):
        return
    for source in sources:
        spec = re.search(r"(\d+)ch (\d+)Hz", str(source.get("sample_specification", "")))
        channels, rate_hz = (int(spec[1]), int(spec[2])) if spec else (2, 48000)
        yield str(source["name"]), channels, rate_hz


def choose(known: list[Device], wanted: str) -> Device:
    """The device of that number, that name, or with that in its name and in no other's.

    Raises SourceError, which lists the devices.
    """
    asked = wanted.strip().casefold()
    for fits in (
        [d for d in known if str(d.number) == asked],
        [d for d in known if d.name.casefold() == asked],
        [d for d in known if asked and asked in d.name.casefold()],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise SourceError(f"{wanted!r} fits several input devices: {listing(fits)}")
    raise SourceError(f"no input device {wanted!r}; there is: {listing(known)}")


def default_microphone(known: list[Device], sounddevice: Any) -> Device:
    """The system's default input. Raises SourceError when there is none."""
    try:
        index = int(sounddevice.query_devices(kind="input")["index"])
    except (sounddevice.PortAudioError, ValueError):
        index = -1
    for device in known:
        if device.index == index and not device.loopback:
            return device
    for device in known:
        if not device.loopback:
            return device
    raise SourceError(f"no microphone; there is: {listing(known)}")


def first_loopback(known: list[Device]) -> Device:
    """The first device that hears what the machine plays. Raises SourceError."""
    for device in known:
        if device.loopback:
            return device
    raise SourceError(
        "no loopback device to hear the customer: name one with --customer-device; "
        f"there is: {listing(known)}"
    )


def listing(known: list[Device]) -> str:
    return ", ".join(f"{d.number} {d.name}" for d in known) or "no input device at all"


@contextmanager
def chosen_source(device: Device) -> Iterator[None]:
    """While a stream is opened: PulseAudio's client library reads the source's name from the
    environment, and PortAudio has no other way to pass it."""
    if device.pulse_source is None:
        yield
        return
    before = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = device.pulse_source
    try:
        yield
    finally:
        if before is None:
            del os.environ["PULSE_SOURCE"]
        else:
            os.environ["PULSE_SOURCE"] = before
