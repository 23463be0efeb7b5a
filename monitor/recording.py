"""Two-channel audio of a call on disk: written as it comes, readable after a kill.

A live recording is a WAV file whose samples stand at their audio time: what never
came (a pause, lost audio) is silence on disk and a ``gap`` among the events. Its
header is made valid at every flush. An ended one is FLAC.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.events import PARTIES, Party

F32 = NDArray[np.float32]

FRAME_BYTES = 4  # two channels of 16 bits
HEADER_BYTES = 44
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_RIFF_LIMIT = 0xFFFFFFFF


def _header(data_bytes: int) -> bytes:
    """A canonical 44-byte WAV header: PCM, two channels, 16 bits, 8 kHz."""
    return _HEADER.pack(
        b"RIFF",
        min(data_bytes + HEADER_BYTES - 8, _RIFF_LIMIT),
        b"WAVE",
        b"fmt ",
        16,
        1,
        2,
        RATE_HZ,
        RATE_HZ * FRAME_BYTES,
        FRAME_BYTES,
        16,
        b"data",
        min(data_bytes, _RIFF_LIMIT),
    )


class Recording:
    """The growing WAV file of one live call. Raises OSError when the disk does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w+b", buffering=0)
        path.chmod(0o600)
        self._file.write(_header(0))
        self._frames = 0

    @property
    def duration_s(self) -> float:
        return self._frames / RATE_HZ

    def write(self, start: int, pcm: F32) -> None:
        """Put samples, float32 of shape (2, samples), at sample ``start``.

        The same samples may be written again. A hole before them reads as silence.
        """
        frames = np.clip(np.rint(pcm.T * 32767.0), -32768, 32767).astype("<i2").tobytes()
        self._put(start, frames)

    def mute(self, t0: float, t1: float, party: Party) -> None:
        """Silence one party from t0 to t1 (audio time, s), as far as it is written."""
        start = max(0, int(t0 * RATE_HZ))
        stop = min(self._frames, int(np.ceil(t1 * RATE_HZ)))
        if stop <= start:
            return
        self._file.seek(HEADER_BYTES + start * FRAME_BYTES)
        data = self._file.read((stop - start) * FRAME_BYTES)
        frames = np.frombuffer(data, "<i2").reshape(-1, 2).copy()
        frames[:, PARTIES.index(party)] = 0
        self._put(start, frames.tobytes())

    def flush(self) -> None:
        """Make what is written a valid WAV file."""
        self._file.seek(0)
        self._file.write(_header(self._frames * FRAME_BYTES))

    def close(self, duration_s: float | None = None) -> None:
        """Flush and close; with a duration, silence up to it."""
        if duration_s is not None and self._frames < (frames := round(duration_s * RATE_HZ)):
            self._frames = frames
            self._file.truncate(HEADER_BYTES + frames * FRAME_BYTES)
        self.flush()
        self._file.close()

    def _put(self, start: int, data: bytes) -> None:
        self._file.seek(HEADER_BYTES + start * FRAME_BYTES)
        view = memoryview(data)
        while view:  # a raw file may take less than it was given
            view = view[self._file.write(view) :]
        self._frames = max(self._frames, start + len(data) // FRAME_BYTES)


class Recordings:
    """The folder of recordings: one file a call, named by its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, call_id: str) -> Recording:
        """Start recording. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Recording(self._wav(call_id))

    def path(self, call_id: str) -> Path | None:
        """FLAC of an ended call, WAV of a live one, or None."""
        for path in (self._flac(call_id), self._wav(call_id)):
            if path.is_file():
                return path
        return None

    def finish(self, call_id: str) -> None:
        """Turn the closed WAV file into FLAC; either of them is whole at any moment.

        Does nothing when there is no WAV file. Raises OSError or
        soundfile.SoundFileError; the WAV file is then still there.
        """
        wav, flac = self._wav(call_id), self._flac(call_id)
        if not wav.is_file():
            return
        part = flac.with_suffix(".part")
        with (
            soundfile.SoundFile(wav) as source,
            soundfile.SoundFile(
                part, "w", source.samplerate, source.channels, "PCM_16", format="FLAC"
            ) as target,
        ):
            for block in source.blocks(blocksize=RATE_HZ * 30, dtype="int16"):
                target.write(block)
        part.chmod(0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(flac)
        wav.unlink()

    def repair(self, call_id: str) -> float:
        """Make the header of a killed recording fit its length; seconds it holds."""
        wav = self._wav(call_id)
        if not wav.is_file():
            return 0.0
        frames = max(0, wav.stat().st_size - HEADER_BYTES) // FRAME_BYTES
        with wav.open("r+b") as file:
            file.truncate(HEADER_BYTES + frames * FRAME_BYTES)
            file.write(_header(frames * FRAME_BYTES))
        return frames / RATE_HZ

    def delete(self, call_id: str) -> None:
        """Unlink everything recorded of a call."""
        flac = self._flac(call_id)
        for path in (flac, flac.with_suffix(".part"), self._wav(call_id)):
            path.unlink(missing_ok=True)

    def peaks(self, call_id: str, per_s: int) -> F32:
        """Largest magnitude of each 1/per_s second, 0..1, shape (2, peaks): the wave form.

        Raises FileNotFoundError when nothing is recorded, ValueError unless per_s
        is 1..200.
        """
        if not 1 <= per_s <= 200:
            raise ValueError("per_s must be 1 to 200")
        path = self.path(call_id)
        if path is None:
            raise FileNotFoundError(f"no recording of call {call_id}")
        parts: list[F32] = []
        with soundfile.SoundFile(path) as file:
            # Whole seconds of blocks: a bin never straddles two of them.
            for block in file.blocks(blocksize=RATE_HZ * 30, dtype="float32", always_2d=True):
                bins = -(-len(block) * per_s // RATE_HZ)
                edges = np.arange(bins) * RATE_HZ // per_s
                parts.append(np.maximum.reduceat(np.abs(block), edges, axis=0).T)
        if not parts:
            return np.zeros((2, 0), np.float32)
        return np.minimum(np.concatenate(parts, axis=1), 1.0).astype(np.float32)

    def _wav(self, call_id: str) -> Path:
        return self._folder / f"{_safe(call_id)}.wav"

    def _flac(self, call_id: str) -> Path:
        return self._folder / f"{_safe(call_id)}.flac"


def _safe(call_id: str) -> str:
    """The id, refused unless it can only be a plain file name. Raises ValueError."""
    if not call_id or not all(c.isalnum() or c in "-_" for c in call_id) or len(call_id) > 120:
        raise ValueError("a call id is letters, digits, - and _")
    return call_id
