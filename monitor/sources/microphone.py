"""A softphone on this machine: the agent from the microphone, the customer from a loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ, Resampler
from monitor.events import Missing, Person
from monitor.sources import Pcm, SourceError, SourceInfo
from monitor.sources._alignment import Alignment
from monitor.sources._devices import (
    Device,
    choose,
    chosen_source,
    default_microphone,
    devices,
    first_loopback,
    portaudio,
)

__all__ = ["Device", "MicrophoneSource", "devices"]

_BUFFER_S: Final = 0.02
_WAITING_S: Final = 5.0  # audio held for a stalled event loop, of each input
_SILENT_DEVICE_S: Final = 5.0  # a device that gives nothing for so long is broken
_LOOK_S: Final = 1.0  # between looks for one that is


class MicrophoneSource:
    """Live audio of two input devices, or of one stereo device.

    A device that does not open at 8 kHz is opened at its own rate and resampled. Audio that
    was lost, by the device or because nobody took it for 5 s, becomes a gap.
    """

    def __init__(
        self,
        *,
        agent_device: str | None = None,
        customer_device: str | None = None,
        stereo_device: str | None = None,
        agent: Person | None = None,
        customer: Person | None = None,
        title: str = "",
        sounddevice: Any = None,
    ) -> None:
        """Choose the devices by number, name or part of a name; nothing is opened yet.

        By default the agent is on the system's microphone and the customer on the first
        loopback. ``stereo_device`` has the agent left and the customer right.
        ``sounddevice`` stands in for the module of that name. Raises SourceError without
        PortAudio, without a fitting device, and for one that is not known.
        """
        self._sounddevice = sounddevice or portaudio()
        known = devices(self._sounddevice)
        if stereo_device is not None:
            if agent_device is not None or customer_device is not None:
                raise SourceError("give one stereo device, or one for each party, not both")
            chosen = [(choose(known, stereo_device), 2)]
            if chosen[0][0].channels < 2:
                raise SourceError(f"{chosen[0][0].name} has one channel; two are needed")
        else:
            mic = (
                default_microphone(known, self._sounddevice)
                if agent_device is None
                else choose(known, agent_device)
            )
            far = (
                first_loopback(known) if customer_device is None else choose(known, customer_device)
            )
            if mic.name == far.name:
                raise SourceError(f"{mic.name} cannot be both parties: use it as a stereo device")
            chosen = [(mic, 1), (far, 1)]
        self._inputs = [_Input(self._sounddevice, *pair) for pair in chosen]
        self._info = SourceInfo(
            source="microphone",
            title=title or " / ".join(device.name for device, _ in chosen),
            agent=agent or Person(),
            customer=customer or Person(),
        )
        self._closed = asyncio.Event()

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def lost_s(self) -> float:
        """Audio lost so far, of all inputs together, in seconds."""
        return sum(one.lost for one in self._inputs) / RATE_HZ

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        """Audio as it comes, until ``close``. Raises SourceError when a device cannot be
        opened, stops, or gives nothing for 5 s."""
        wake = asyncio.Event()
        alignment = Alignment(len(self._inputs))
        closed = asyncio.create_task(self._closed.wait())
        try:
            for one in self._inputs:
                await asyncio.to_thread(one.open, asyncio.get_running_loop(), wake)
            while not self._closed.is_set():
                await _first_of(wake, closed, _LOOK_S)
                wake.clear()
                for number, one in enumerate(self._inputs):
                    one.drain(alignment, number)
                for piece in alignment.take():
                    yield piece
        finally:
            closed.cancel()
            for one in self._inputs:
                await asyncio.to_thread(one.close)

    async def close(self) -> None:
        """End the call; ``chunks`` then ends."""
        self._closed.set()


async def _first_of(wake: asyncio.Event, closed: asyncio.Task[Any], timeout_s: float) -> None:
    woken = asyncio.create_task(wake.wait())
    try:
        await asyncio.wait((woken, closed), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()


class _Input:
    """One PortAudio stream. ``_arrive`` runs on PortAudio's thread and only copies."""

    def __init__(self, sounddevice: Any, device: Device, channels: int) -> None:
        self.device = device
        self.lost = 0  # samples at 8 kHz
        self._sounddevice = sounddevice
        self._channels = channels
        self._queue: deque[tuple[int, NDArray[np.float32]]] = deque()
        self._stream: Any = None
        self._stopped = False

    def open(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        """Start listening. Raises SourceError."""
        error_type = self._sounddevice.PortAudioError
        self._loop, self._wake = loop, wake
        self._rate_hz = self._usable_rate_hz()
        self._resampler = Resampler(self._rate_hz, self._channels, live=True)
        self._queue_limit = round(_WAITING_S / _BUFFER_S)
        self._dropped = 0
        self._next_s: float | None = None
        self._heard_at_s = loop.time()
        try:
            with chosen_source(self.device):
                self._stream = self._sounddevice.InputStream(
                    device=self.device.index,
                    channels=self._channels,
                    samplerate=self._rate_hz,
                    dtype="float32",
                    blocksize=round(self._rate_hz * _BUFFER_S),
                    callback=self._arrive,
                    finished_callback=self._finish,
                )
                self._stream.start()
        except error_type as error:
            raise SourceError(f"{self.device.name} cannot be opened: {error}") from error

    def close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with contextlib.suppress(self._sounddevice.PortAudioError):  # unplugged: gone already
                stream.abort()
                stream.close()

    def drain(self, alignment: Alignment, number: int) -> None:
        """Hand over what has come. Raises SourceError when the device is gone."""
        if not self._queue:
            if self._stopped:
                raise SourceError(f"{self.device.name} stopped giving audio")
            if self._loop.time() - self._heard_at_s > _SILENT_DEVICE_S:
                raise SourceError(f"{self.device.name} gave no audio for {_SILENT_DEVICE_S:.0f} s")
            return
        self._heard_at_s = self._loop.time()
        while self._queue:
            lost, samples = self._queue.popleft()
            if lost:
                lost = round(lost * RATE_HZ / self._rate_hz)
                self.lost += lost
                alignment.lose(number, lost)
            alignment.push(number, self._resampler.push(samples))

    def _usable_rate_hz(self) -> float:
        try:
            with chosen_source(self.device):
                self._sounddevice.check_input_settings(
                    device=self.device.index,
                    channels=self._channels,
                    samplerate=RATE_HZ,
                    dtype="float32",
                )
        except (self._sounddevice.PortAudioError, ValueError):
            return float(self.device.rate_hz)
        return float(RATE_HZ)

    # ---- on PortAudio's thread: no locks, no waiting ------------------------------

    def _arrive(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """Queue a copy, with the number of frames lost before it.

        PortAudio tells that it overflowed but not by how much; the time stamps do.
        """
        if status.input_overflow:
            began_s = float(when.inputBufferAdcTime)
            gap_s = 0.0 if self._next_s is None else began_s - self._next_s
            self._dropped += round(gap_s * self._rate_hz) if gap_s > 0 else frames
        self._next_s = float(when.inputBufferAdcTime) + frames / self._rate_hz
        if len(self._queue) >= self._queue_limit:
            self._dropped += frames
            return
        self._queue.append((self._dropped, np.array(data, np.float32).T))
        self._dropped = 0
        self._signal()

    def _finish(self) -> None:
        self._stopped = True
        self._signal()

    def _signal(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)
