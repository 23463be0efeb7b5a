"""Text scores: a call as two lines of characters, one character = 100 ms.

    agent     ".....=====....."
    customer  "====......====="

``.`` silence, ``=`` speech, ``#`` speech 6 dB louder and 3 dB sharper, ``^`` speech 4
semitones higher, 3 dB louder and 4 dB sharper, ``'`` a soft backchannel (speech 3 dB
quieter). A digit n is speech at n syllables per second; the others run at 4.
"""

from __future__ import annotations

import numpy as np

from monitor.audio import BLOCK_S
from monitor.ear import Heard

CHAR_S = 0.1
SILENT = ". "
SPEECH = "=#^'0123456789"
SILENCE_DB = -70.0
BASE_DB = {0: -24.0, 1: -26.0}
BASE_HZ = {0: 120.0, 1: 200.0}


def heard(agent: str = "", customer: str = "") -> Heard:
    """Rows of a score; the shorter line is padded with silence.

    Raises ValueError for a character that is not one of the above.
    """
    chars = max(len(agent), len(customer))
    blocks = round(chars * CHAR_S / BLOCK_S)
    out = {
        "speech": np.full((2, blocks), 0.02, np.float32),
        "level_db": np.full((2, blocks), SILENCE_DB, np.float32),
        "f0_hz": np.full((2, blocks), np.nan, np.float32),
        "voicing": np.full((2, blocks), 0.1, np.float32),
        "balance_db": np.full((2, blocks), -10.0, np.float32),
        "nuclei": np.zeros((2, blocks), np.float32),
    }
    for row, line in enumerate((agent.ljust(chars, "."), customer.ljust(chars, "."))):
        if strange := set(line) - set(SILENT + SPEECH):
            raise ValueError(f"{min(strange)!r} is no character of a score: {SILENT}{SPEECH}")
        syllables = 0.0
        for block in range(blocks):
            char = line[min(int((block + 0.5) * BLOCK_S / CHAR_S), chars - 1)]
            if char in SILENT:
                continue
            louder_db = {"#": 6.0, "^": 3.0, "'": -3.0}.get(char, 0.0)
            out["speech"][row, block] = 0.95
            out["level_db"][row, block] = BASE_DB[row] + louder_db
            out["f0_hz"][row, block] = BASE_HZ[row] * 2 ** ((4.0 if char == "^" else 0.0) / 12)
            out["voicing"][row, block] = 0.9
            out["balance_db"][row, block] += {"#": 3.0, "^": 4.0}.get(char, 0.0)
            before = int(syllables)
            syllables += (float(char) if char.isdigit() else 4.0) * BLOCK_S
            out["nuclei"][row, block] = int(syllables) - before
    return Heard(**out)
