"""Settings of the whole suite."""

import os
import shutil

from hypothesis import settings

# The same examples in every run: a merge never fails by luck. No deadline: machines differ.
settings.register_profile("gatewayd", deadline=None, derandomize=True)
settings.load_profile("gatewayd")

# Thousands of tests make a database, and wait for the disk each time. Where there is room, their
# files are in memory: what is tested survives a killed process, not a power cut.
_MEMORY, _ROOM = "/dev/shm", 4 << 30
if os.path.isdir(_MEMORY) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _MEMORY)
