"""Text scores (``monitor.rehearsal.score``) made harder: natural levels, echo, line noise."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from monitor.audio import BLOCK_S
from monitor.ear import Heard
from monitor.rehearsal.score import heard as heard


def natural(rows: Heard, seed: int = 1) -> Heard:
    """The same with the levels of speech: syllables, phrases that fall, noise in pauses.

    Levels of 32 ms blocks of telephone speech spread by about 6 dB around their
    median; here by two random walks, one per row, so that the rows are independent.
    """
    rng = np.random.default_rng(seed)
    level_db = rows.level_db.astype(np.float64)
    for row in range(rows.channels):
        walk = rng.normal(0.0, 5.0, rows.blocks)
        for block in range(1, rows.blocks):
            walk[block] = 0.6 * walk[block - 1] + 0.8 * walk[block]
        speaks = rows.speech[row] > 0.5
        level_db[row] += np.where(speaks, walk, rng.normal(0.0, 1.5, rows.blocks))
    return replace(rows, level_db=level_db.astype(np.float32))


def with_echo(rows: Heard, source: int, gain_db: float, delay_s: float) -> Heard:
    """The source's voice leaks into the other row: audible where above its noise."""
    other = 1 - source
    delay = delay_s / BLOCK_S
    whole, part = int(delay), delay - int(delay)
    power = 10 ** (rows.level_db[source].astype(np.float64) / 10)
    late = np.zeros((2, rows.blocks))
    for i in (0, 1):  # a delay between two blocks falls into both
        late[i, whole + i :] = power[: rows.blocks - whole - i]
    leak_db = 10 * np.log10((1 - part) * late[0] + part * late[1] + 1e-12) + gain_db
    spoken = np.zeros(rows.blocks, bool)
    spoken[whole:] = rows.speech[source, : rows.blocks - whole] > 0.5
    level_db, speech = rows.level_db.copy(), rows.speech.copy()
    before_db = level_db[other].astype(np.float64)
    level_db[other] = 10 * np.log10(10 ** (before_db / 10) + 10 ** (leak_db / 10))
    audible = spoken & (leak_db > before_db - 3.0)
    speech[other] = np.where(audible, np.maximum(speech[other], 0.9), speech[other])
    return replace(rows, level_db=level_db, speech=speech)


def louder(rows: Heard, gain_db: float) -> Heard:
    """The same call, recorded louder."""
    return replace(rows, level_db=rows.level_db + np.float32(gain_db))


def swapped(rows: Heard) -> Heard:
    """The same call with the parties exchanged."""
    return Heard(*(getattr(rows, f.name)[::-1].copy() for f in fields(rows)))
