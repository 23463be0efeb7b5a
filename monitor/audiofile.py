"""Recordings on disk, read in pieces.

wav, flac, ogg and mp3 by libsndfile; m4a and the like by FFmpeg (PyAV).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.audio import AudioError, Resampler

F32 = NDArray[np.float32]

_SILENT: Final = 1e-3  # -60 dBFS: above the noise of an idle line (one step of µ-law is -72)
_COUNT_FRAMES: Final = 1 << 18
_UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)  # what a WAV written to a pipe says of its length


class AudioFile:
    """A recording: what was found on opening, and its audio as often as needed.

    ``rate_hz``; ``channels``, 1 or 2; ``duration_s``; ``missing_s``, so much less than its
    header promises; ``silent``, the channels that never exceed -60 dBFS.
    """

    def __init__(self, path: Path | str) -> None:
        """Look at a file: what it is, whether it is whole, whether a channel is silent.

        Reads no further than to the first sound of every channel, unless the file is
        damaged. Blocks on the disk. Raises AudioError.
        """
        self.path = Path(path)
        name = self.path.name or str(self.path)
        try:
            size = self.path.stat().st_size
            if not self.path.is_file():
                raise AudioError(f"{name} is not a file")
            if size == 0:
                raise AudioError(f"{name} is empty")
            found = _by_libsndfile(self.path)
            if found is None or found.frames == 0:  # a WAV that was never closed says 0
                found = _by_ffmpeg(self.path) or found
        except OSError as error:
            raise AudioError(f"{name} cannot be read: {error.strerror or error}") from error
        if found is None:
            raise AudioError(f"{name} is not audio in a format that can be read")
        if found.channels not in (1, 2):
            raise AudioError(f"{name} has {found.channels} channels; one or two are expected")
        if found.duration_s <= 0:
            raise AudioError(f"{name} holds no samples")
        self._found = found
        self.rate_hz = found.rate_hz
        self.channels = found.channels
        self.duration_s = found.duration_s
        self.missing_s = found.missing_s
        self.silent = self._silent_channels()

    def pieces(self, piece_s: float = 5.0) -> Iterator[F32]:
        """The audio at 8 kHz, float32 (channels, samples), about ``piece_s`` at a time.

        Raises AudioError where the file breaks off in a way its header did not tell.
        """
        resampler = Resampler(self.rate_hz, self.channels)
        for piece in self._native(max(int(self.rate_hz * piece_s), 1)):
            # A filter would smear one NaN over its whole length.
            yield resampler.push(np.where(np.isfinite(piece), piece, np.float32(0)))
        tail = resampler.flush()
        if tail.shape[1]:
            yield tail

    def _native(self, frames: int) -> Iterator[F32]:
        if self._found.by_ffmpeg:
            return _decode_ffmpeg(self.path, self.channels, frames)
        return _decode_libsndfile(self.path, frames, self._found.frames)

    def _silent_channels(self) -> tuple[int, ...]:
        silent = np.ones(self.channels, np.bool_)
        for piece in self._native(_COUNT_FRAMES):
            silent &= np.abs(piece).max(axis=1, initial=0.0) < _SILENT
            if not silent.any():
                break
        return tuple(int(channel) for channel in np.flatnonzero(silent))


@dataclass(frozen=True, slots=True)
class _Found:
    rate_hz: int
    channels: int
    frames: int | None  # None: to the end
    duration_s: float
    missing_s: float
    by_ffmpeg: bool


def _by_libsndfile(path: Path) -> _Found | None:
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz, frames = file.samplerate, file.frames
            promised = max(frames, _promised_by_riff(path, file.channels) or 0)
            if frames and not _ends_as_promised(file):
                frames = _count(path)
            return _Found(
                rate_hz=rate_hz,
                channels=file.channels,
                frames=frames,
                duration_s=frames / rate_hz,
                missing_s=(promised - frames) / rate_hz,
                by_ffmpeg=False,
            )
    except soundfile.LibsndfileError:
        return None


def _ends_as_promised(file: Any) -> bool:
    """Whether the last sample is there. FLAC and MP3 headers outlive the data after a cut."""
    try:
        file.seek(file.frames - 1)
        return len(file.read(1)) == 1
    except soundfile.LibsndfileError:
        return False


def _count(path: Path) -> int:
    with soundfile.SoundFile(path) as file:
        total = 0
        try:
            while got := len(file.read(_COUNT_FRAMES, dtype="float32")):
                total += got
        except soundfile.LibsndfileError:
            total += _count_finely(path, total)
        return total


def _count_finely(path: Path, start: int) -> int:
    """Frames that can be read after ``start`` before the decoder gives up."""
    total = 0
    with soundfile.SoundFile(path) as file:
        file.seek(start)
        try:
            while got := len(file.read(256, dtype="float32")):
                total += got
        except soundfile.LibsndfileError:
            return total
    return total


def _promised_by_riff(path: Path, channels: int) -> int | None:
    """Frames that the header of a WAV promises; None for other files and unknown lengths."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return None
        frame_bytes = 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"fmt ":
                fmt = file.read(size)
                frame_bytes = int.from_bytes(fmt[12:14], "little")
                file.seek(size & 1, 1)
            elif name == b"data":
                if size in _UNKNOWN_SIZES or frame_bytes < channels:
                    return None
                return int(size // frame_bytes)
            else:
                file.seek(size + (size & 1), 1)
    return None


def _decode_libsndfile(path: Path, frames: int, limit: int | None) -> Iterator[F32]:
    left = limit
    try:
        with soundfile.SoundFile(path) as file:
            while left is None or left > 0:
                many = frames if left is None else min(frames, left)
                piece = file.read(many, dtype="float32", always_2d=True)
                if not len(piece):
                    return
                left = None if left is None else left - len(piece)
                yield np.ascontiguousarray(piece.T)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path.name} is damaged: {error.error_string}") from error


def _by_ffmpeg(path: Path) -> _Found | None:
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                return None
            stream = container.streams.audio[0]
            if stream.duration is not None and stream.time_base is not None:
                duration_s = float(stream.duration * stream.time_base)
            else:
                duration_s = (container.duration or 0) / av.time_base
            return _Found(
                rate_hz=stream.rate,
                channels=stream.codec_context.layout.nb_channels,
                frames=None,
                duration_s=duration_s,
                missing_s=0.0,
                by_ffmpeg=True,
            )
    except av.FFmpegError:
        return None


def _decode_ffmpeg(path: Path, channels: int, frames: int) -> Iterator[F32]:
    layout = "mono" if channels == 1 else "stereo"
    planar = av.AudioResampler(format="fltp", layout=layout)
    waiting: list[F32] = []
    held = 0
    try:
        with av.open(str(path)) as container:
            for coded in container.decode(audio=0):
                for frame in planar.resample(coded):
                    waiting.append(np.asarray(frame.to_ndarray(), np.float32))
                    held += frame.samples
                if held >= frames:
                    yield np.concatenate(waiting, axis=1)
                    waiting, held = [], 0
    except av.FFmpegError as error:
        raise AudioError(f"{path.name} is damaged: {error.strerror}") from error
    if waiting:
        yield np.concatenate(waiting, axis=1)
