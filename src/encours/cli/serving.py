"""The processes of a running installation: web processes and the worker, started and stopped together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from encours.cli.report import CallError

_READY_SECONDS = 60
#: A mail server may take so long to answer; it is waited for before the worker ends.
_OUTBOX_ENDS_SECONDS = 8
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Processes = list["subprocess.Popen[bytes]"]


def prepare() -> None:
    """Static files where the web processes find them; imports that died wait to be done again."""
    from django.core.management import call_command

    from encours.usecases.import_files import repair_imports

    call_command("collectstatic", verbosity=0, interactive=False)
    repair_imports()


@contextmanager
def serving(host: str, port: int, *, workers: int, worker: bool) -> Iterator[_Processes]:
    """Gunicorn and, where wanted, the worker; both end with the block. Raises CallError for a port in use."""
    _free(host, port)
    # Ctrl+C, a service manager's stop and a closed terminal end the children too, from their first moment on.
    for stop in _STOPS:
        signal.signal(stop, lambda *_: sys.exit(0))
    web = [
        *(sys.executable, "-m", "gunicorn", "encours.web.wsgi:application", "--bind", f"{host}:{port}"),
        *("--workers", str(workers), "--threads", "4", "--timeout", "120", "--log-level", "warning"),
    ]
    from django.db import connections

    connections.close_all()
    # In groups of their own, Ctrl+C reaches us alone: each of them is told to stop once, by us.
    processes = [subprocess.Popen(web, env=os.environ, process_group=0)]
    try:
        if worker:
            own = [sys.executable, "-c", "from encours.cli import main; main()", "worker"]
            processes.append(subprocess.Popen(own, env=os.environ, process_group=0))
        yield processes
    finally:
        for stop in _STOPS:
            signal.signal(stop, signal.SIG_IGN)  # said once more, it must not leave a child behind
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _free(host: str, port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CallError([f"--port: {port} is in use on {host}; choose another one"]) from None


def wait(processes: Sequence[subprocess.Popen[bytes]]) -> int:
    """Until one of them ends, which is a fault: the exit code. A stop from outside leaves by itself."""
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    return 1


def ready(address: str) -> None:
    """Waits until the sign-in page answers. Raises CallError when it does not within a minute."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            raise CallError([f"the web application answers with an error: {error.code}"]) from None
        except OSError:
            if time.monotonic() > deadline:
                raise CallError(["the web application did not start; see the messages above"]) from None
        time.sleep(0.2)


def run_worker(*, once: bool, hour: int) -> None:
    """Jobs from the database until stopped; beside them the nightly chain once a day after its hour."""
    from django.core.management import call_command

    from encours.usecases.import_files import repair_imports

    if once:
        from encours.usecases.run_outbox import empty_outbox

        call_command("db_worker", batch=True, interval=0, verbosity=0, startup_delay=False)
        empty_outbox()
        return
    repair_imports()
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)  # being stopped is no news
    if hour >= 0:
        threading.Thread(target=_tick, args=(hour,), daemon=True).start()
    with _outbox():
        call_command("db_worker", interval=1, verbosity=0, startup_delay=False)


@contextmanager
def _outbox() -> Iterator[None]:
    """The outbox beside the jobs. It ends with the message in hand, so that a restart leaves nothing uncertain."""
    from encours.usecases.run_outbox import run_outbox

    stop = threading.Event()
    thread = threading.Thread(target=run_outbox, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_OUTBOX_ENDS_SECONDS)


def _tick(hour: int) -> None:
    from django.db import close_old_connections

    from encours.usecases import clock
    from encours.usecases.jobs import nightly_due

    while True:
        close_old_connections()
        try:
            nightly_due(clock.now().astimezone(clock.ZONE), hour)
        except Exception as error:  # the next minute tries again: a database that restarts must not end the clock
            print(f"encours worker: {error}", file=sys.stderr, flush=True)
        time.sleep(60)
