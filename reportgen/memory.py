"""How much memory there is for this process, and a limit so that no network takes the machine's last."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

SHARE = 0.9
"""Of the memory that there is; the rest is for the system and the process that waits."""
_GROUPS = Path("/sys/fs/cgroup")


def available() -> int:
    """Bytes of the machine's memory, or of the container's where that has less; 0 where nobody tells."""
    sizes = [size for name in ("memory.max", "memory/memory.limit_in_bytes") if (size := _number(_GROUPS / name))]
    with contextlib.suppress(ValueError, OSError, AttributeError):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(sizes, default=0)


def limit(most: int | None = None) -> None:
    """Let this process have no more than its share: what asks for more is refused, and the system ends nobody."""
    most = int(available() * SHARE) if most is None else most
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if most and (hard == resource.RLIM_INFINITY or most < hard):
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def ran_short() -> bool:
    """Whether a process of ours that has ended took so much that it is likely to have ended for want of more."""
    with contextlib.suppress(ImportError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit > available() * SHARE / 2 > 0
    return False


def _number(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
