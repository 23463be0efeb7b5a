"""Real-time voice call monitor for contact centers."""

import os

__version__ = "0.1.0"

# Read when numpy is loaded. Its BLAS would share our small products out to a thread that then
# spins for a tenth of a second: with words on that was 0.45 of a core, for nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
