"""Flite: the speech synthesiser of Carnegie Mellon, from the system's library.

On Debian it is the package ``libflite1`` (2.2), with four voices recorded from people: ``rms`` and
``slt`` American, ``awb`` Scottish, ``kal16``. A sentence takes some milliseconds.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
LIBRARY = "libflite.so.1"
SEED = 1
"""Its breath is noise from the C library's ``rand``, seeded for each line. Even so, in a busy
process, now and then a sentence breathes otherwise; its words and its length are the same."""


class FliteError(RuntimeError):
    """The library or a voice of it is missing; the message says what to install."""


class _Wave(ctypes.Structure):
    """``cst_wave`` of flite 2.2."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class _Voice(ctypes.Structure):
    """The head of ``cst_voice`` of flite 2.2."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


class Flite:
    """Speaks with the voices of the library; each is loaded when it is first wanted."""

    def __init__(self) -> None:
        self._library = _load(LIBRARY)
        self._library.flite_text_to_wave.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        self._library.flite_text_to_wave.restype = ctypes.POINTER(_Wave)
        self._library.delete_wave.argtypes = [ctypes.POINTER(_Wave)]
        self._library.feat_set_float.argtypes = [
            *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)
        ]
        self._library.flite_init()
        self._seed = ctypes.CDLL(None).srand
        self._voices: dict[str, Any] = {}

    def say(self, text: str, voice: str, rate: float) -> tuple[F32, int]:
        """Samples of shape (n,) within ±1, and their rate in Hz. Raises FliteError."""
        spoken_by = self._voice(voice)
        features = spoken_by.contents.features
        self._library.feat_set_float(features, b"duration_stretch", 1 / rate)
        self._seed(SEED)
        wave = self._library.flite_text_to_wave(text.encode("ascii", "ignore"), spoken_by)
        found = wave.contents
        samples = np.ctypeslib.as_array(found.samples, (found.num_samples,)).astype(np.float32)
        rate_hz = int(found.sample_rate)
        self._library.delete_wave(wave)
        return samples / np.float32(32768), rate_hz

    def _voice(self, name: str) -> Any:
        if name not in self._voices:
            register = _load(f"libflite_cmu_us_{name}.so.1")[f"register_cmu_us_{name}"]
            register.argtypes = [ctypes.c_char_p]
            register.restype = ctypes.POINTER(_Voice)
            self._voices[name] = register(None)
        return self._voices[name]


def _load(library: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(library)
    except OSError as error:
        raise FliteError(f"{library} is missing; on Debian: apt install libflite1") from error
