"""A run of ten thousand posts, rewound: the book afterwards is to the cent what it was before."""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, arguments, measure, report
from benchmarks.waiting_book import ENTITY, digest_book, make_waiting_book, prepare, start
from tests.postgres import create_database, server_folder, throwaway_cluster

_VENDORS = ("SQLite", "PostgreSQL")


def post_and_rewind(home: str, url: str) -> dict[str, Any]:
    """Posts what waits, rewinds the run, proposes again: seconds of each, and what differs from the book before."""
    start(home, url)
    from encours.store import audit
    from encours.store.models import Proposal
    from encours.store.rights import job
    from encours.usecases.apply_receipts import apply_receipts
    from encours.usecases.propose_matches import propose_matches
    from encours.usecases.rewind_run import preview_rewind, rewind_run

    actor = job("benchmark")
    propose_matches(actor, [ENTITY])  # the search is compiled once a machine: not a part of posting
    before = digest_book()
    began = time.perf_counter()
    run = apply_receipts(actor, [ENTITY])[0]
    posted_in = time.perf_counter() - began
    between = digest_book()
    began = time.perf_counter()
    preview = preview_rewind(actor, run.run_id)
    previewed_in = time.perf_counter() - began
    began = time.perf_counter()
    rewound = rewind_run(actor, run.run_id, "a benchmark")
    rewound_in = time.perf_counter() - began
    after = digest_book()
    again = apply_receipts(actor, [ENTITY])[0]
    return {
        "posted": run.posted,
        "posted_in": posted_in,
        "previewed": preview.posts,
        "previewed_in": previewed_in,
        "rewound": rewound.posts,
        "rewound_in": rewound_in,
        "moved": sum(between[name] != before[name] for name in before),
        "differences": [name for name in before if after[name] != before[name]],
        "proposed_again": again.posted + Proposal.objects.filter(state="open").exclude(decision="none").count(),
        "intact": audit.verify().intact,
    }


def main(argv: list[str] | None = None) -> int:
    """Ten thousand posts on SQLite, and on PostgreSQL where there is one."""
    call = arguments(
        "Rewinding a run of automatic posts", argv, options={"--only": {"choices": list(_VENDORS), "default": None}}
    )
    posts = call.scaled(10_000)
    figures = [Figure("receipts that wait", posts)]
    with tempfile.TemporaryDirectory(prefix="encours-rewind-") as scratch:
        book = Path(scratch) / "book"
        make_waiting_book(book, posts)
        for vendor in [call.extra["only"]] if call.extra["only"] else _VENDORS:
            if vendor == "PostgreSQL" and server_folder() is None:
                continue
            server = throwaway_cluster({"fsync": "on"}) if vendor == "PostgreSQL" else nullcontext("")
            with server as url:
                figures += _figures(vendor, Path(scratch) / vendor, str(book), url, posts)
    return report(call, figures)


def _figures(vendor: str, home: Path, book: str, server: str, posts: int) -> list[Figure]:
    home.mkdir()
    url = create_database(server, "rewind") if server else f"sqlite:///{home / 'encours.sqlite3'}"
    measure(prepare, str(home), url, book)
    run = measure(post_and_rewind, str(home), url)
    said = run.value
    return [
        Figure(f"{vendor}: posted", said["posted"], at_least=posts * 0.99),
        Figure(f"{vendor}: proposing and posting", said["posted_in"], "s"),
        Figure(f"{vendor}: posts a second", said["posted"] / said["posted_in"]),
        Figure(f"{vendor}: preview", said["previewed_in"], "s"),
        Figure(f"{vendor}: rewind", said["rewound_in"], "s", at_most=30),
        Figure(f"{vendor}: posts not rewound", said["posted"] - said["rewound"], at_most=0),
        Figure(f"{vendor}: digests that posting moved", said["moved"], at_least=5),
        Figure(f"{vendor}: digests that differ from before", len(said["differences"]), at_most=0),
        Figure(f"{vendor}: posted or proposed again", said["proposed_again"], at_most=0),
        Figure(f"{vendor}: audit chains broken", int(not said["intact"]), at_most=0),
        Figure(f"{vendor}: peak memory", run.peak_mb, "MB"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
