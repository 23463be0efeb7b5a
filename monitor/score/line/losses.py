"""Packets that never came, and what a phone plays instead. Float32 (samples,) at 8 kHz."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ

F32 = NDArray[np.float32]

FRAME: Final = RATE_HZ // 50
"""Samples of one packet, 20 ms."""
FADED_AFTER: Final = 3
"""Frames of a repetition, fading all the time; then silence."""


def scattered(x: F32, rng: np.random.Generator, percent: float) -> F32:
    """Each frame lost with the same chance."""
    return concealed(x, rng.random(_frames(x)) < percent / 100)


def in_bursts(x: F32, rng: np.random.Generator, percent: float, mean_frames: float) -> F32:
    """Gilbert's two states: a good one and a bad one, in which every frame is lost.

    The bad one is left with chance 1/mean_frames, and entered so often that ``percent`` of
    the frames are lost.
    """
    rate = percent / 100
    leave = 1 / mean_frames
    enter = min(leave * rate / (1 - rate), 1.0)
    draws = rng.random(_frames(x))
    lost = np.zeros(len(draws), np.bool_)
    bad = False
    for k, draw in enumerate(draws):
        bad = draw >= leave if bad else draw < enter
        lost[k] = bad
    return concealed(x, lost)


def concealed(x: F32, lost: NDArray[np.bool_]) -> F32:
    """What is played when the frames ``lost`` are missing: the newest good frame again, fading
    to nothing over ``FADED_AFTER`` frames, then silence."""
    frames = np.concatenate((x, np.zeros(len(lost) * FRAME - len(x), np.float32)))
    played = frames.reshape(-1, FRAME).copy()
    good = np.maximum.accumulate(np.where(lost, -1, np.arange(len(lost))))
    for k in np.flatnonzero(lost):
        gap = k - good[k]  # 1: the first one lost
        if good[k] < 0 or gap > FADED_AFTER:
            played[k] = 0
        else:
            fade = 1 - (gap - 1 + np.arange(FRAME) / FRAME) / FADED_AFTER
            played[k] = played[good[k]] * fade
    return played.reshape(-1)[: len(x)].astype(np.float32)


def _frames(x: F32) -> int:
    return -(-len(x) // FRAME)
