"""The stream of a large book: a million receipts over seventeen months, as `benchmarks.matching.stream` replays it."""

from __future__ import annotations

from benchmarks.harness import arguments
from benchmarks.matching.stream import OPTIONS, replayed

RECEIPTS = 1_000_000
#: Days between two runs of the engine: the book is large, and read anew for each.
BLOCK = 15


def main(argv: list[str] | None = None) -> int:
    """Prints the months and the bars of a million receipts."""
    options = OPTIONS | {"--block": OPTIONS["--block"] | {"default": BLOCK}}
    call = arguments("A stream of a million receipts, posted on the book's own certificate", argv, options=options)
    bars = {"automatic": 80.0, "month": 99.9, "top": 85.0, "each": 68.0}
    return replayed(call, max(1_000, call.scaled(RECEIPTS)), bars if call.scale == 1 else {})


if __name__ == "__main__":
    raise SystemExit(main())
