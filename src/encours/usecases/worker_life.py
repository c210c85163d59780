"""Whether a worker still lives: each holds a lock on a file of its own, which its death lets go at once."""

from __future__ import annotations

import fcntl
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

#: A worker on another machine is taken for dead when it held a message for so long.
LEASE = timedelta(minutes=20)


def _folder() -> Path:
    return Path(settings.HOME) / "workers"


@contextmanager
def living() -> Iterator[str]:
    """The name of a worker that is known to live as long as the block lasts, and no longer."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    path = folder / name.replace(":", "_").replace("/", "_")
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield name
        finally:
            path.unlink(missing_ok=True)


def is_alive(name: str, since: datetime | None, now: datetime) -> bool:
    """Whether the worker of this name still works: here by its lock, elsewhere by how long ago it claimed."""
    if name.partition(":")[0] != socket.gethostname()[:60]:
        return since is not None and now - since < LEASE
    path = _folder() / name.replace(":", "_").replace("/", "_")
    try:
        with path.open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    path.unlink(missing_ok=True)
    return False
