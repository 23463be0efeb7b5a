"""The package itself: what must hold before numpy is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRODUCT = """
import os
import monitor
import numpy as np
wide = np.ones((400, 4000), np.float32)
wide @ wide.T
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: nobody would share it out")
@pytest.mark.parametrize(("wanted", "alone"), [(None, True), ("2", False)])
def test_numpy_keeps_no_thread_that_spins(wanted: str | None, alone: bool) -> None:
    """Unless somebody says how many it may have."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    if wanted is not None:
        environment["OPENBLAS_NUM_THREADS"] = wanted
    ran = subprocess.run(
        [sys.executable, "-c", PRODUCT], env=environment, capture_output=True, text=True, check=True
    )
    assert (int(ran.stdout) == 1) is alone
