"""Blocks, µ-law/A-law, resampling, wav/flac."""

from __future__ import annotations

RATE_HZ = 8000
"""The one sampling rate of the core: telephone speech."""
BLOCK = 256
"""Samples of one block."""
BLOCK_S = BLOCK / RATE_HZ
"""0.032 s, the grain of the core."""
