"""Real ledgers with their letters taken away: which groups of letters does the engine find again, and what is wrong?

The ledgers are public samples that lie beside the repository (`ENCOURS_SHARED` names their folder) and are never
copied into it. A group is what letters tie together, receipts, invoices and credit notes; it is balanced where nothing
of it stays open, and found where the engine ties together just the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from encours.connectors.base.contract import Source
from encours.core.base.book import Book
from encours.core.matching import Proposals
from encours.usecases.match_receipts import match_receipts
from encours.usecases.read_files import read_files
from tests.shared import shared_root

#: Columns of a FEC that say what was lettered.
_LETTERS = ("EcritureLet", "DateLet")
_SEPARATORS = ("\t", "|", ";")
#: The bar: so many of a hundred balanced groups are found exactly.
_FOUND_MIN = 95.0

Group = frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """One ledger: its balanced groups, those `found` exactly, the automatic receipts, and those that are `wrong`.

    A receipt is wrong where its letter says otherwise than the engine posted. Of one without a letter (`unjudged`)
    the ledger says nothing.
    """

    file: str
    groups: int
    found: int
    automatic: int
    wrong: int
    unjudged: int
    missed: tuple[str, ...]


def ledgers() -> list[Path]:
    """The sample ledgers; none where the samples are not there."""
    folder = shared_root() / "corpus" / "fec"
    return sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []


def without_letters(path: Path, folder: Path) -> Path:
    """A copy of a FEC under the same name whose letters and their dates are blank; everything else stays as it is."""
    rows = path.read_bytes().decode("latin-1").split("\n")
    separator = max(_SEPARATORS, key=rows[0].count)
    header = [name.strip().strip('"').lower() for name in rows[0].rstrip("\r").split(separator)]
    places = [header.index(name.lower()) for name in _LETTERS if name.lower() in header]
    copy = folder / path.name
    bare = [rows[0], *(_blanked(row, separator, places) for row in rows[1:])]
    copy.write_bytes("\n".join(bare).encode("latin-1"))
    return copy


def _blanked(row: str, separator: str, places: list[int]) -> str:
    fields = row.split(separator)
    if len(fields) <= max(places, default=0):
        return row
    for place in places:
        fields[place] = " " * len(fields[place])  # padded files keep their columns
    return separator.join(fields)


def judge_ledger(path: Path) -> Verdict:
    """Reads a ledger with and without its letters, matches the latter and holds the one beside the other."""
    lettered = read_files([Source.of(path)]).book
    with tempfile.TemporaryDirectory(prefix="encours-letters-") as folder:
        bare = read_files([Source.of(without_letters(path, Path(folder)))]).book
    if bare.allocations.filter(pl.col("source").str.starts_with("fec:lettrage")).height:
        raise AssertionError(f"{path.name}: letters were left in the copy")
    true = groups_of(lettered.allocations)
    balanced = [group for group in true if _is_balanced(group, lettered)]
    proposals = match_receipts(bare)
    found = groups_of(proposals.allocations)
    missed = [sorted(group)[0] for group in balanced if group not in found]
    automatic, wrong, unjudged = _automatic(proposals, true)
    return Verdict(
        path.name, len(balanced), len(balanced) - len(missed), automatic, wrong, unjudged, tuple(sorted(missed))
    )


def groups_of(allocations: pl.DataFrame) -> set[Group]:
    """What allocations tie together: the ids of items, credit notes and receipts, each in one group."""
    head: dict[str, str] = {}

    def find(one: str) -> str:
        while head[one] != one:
            head[one] = head[head[one]]
            one = head[one]
        return one

    for row in allocations.select("item_id", "credit_item_id", "receipt_id").iter_rows():
        tied = [name for name in row if name is not None]
        for one in tied:
            head.setdefault(one, one)
            head[find(one)] = find(tied[0])
    groups: dict[str, set[str]] = {}
    for one in head:
        groups.setdefault(find(one), set()).add(one)
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def _is_balanced(group: Group, book: Book) -> bool:
    """Nothing of the group is open or unapplied on the last day of the ledger."""
    current = book.current()
    rest = pl.concat(
        [
            current.open_items().select(id="item_id", left="open"),
            current.unapplied_receipts().select(id="receipt_id", left="unapplied"),
        ]
    ).filter(pl.col("left") != 0)
    return not set(rest["id"]) & group


def _automatic(proposals: Proposals, true: Iterable[Group]) -> tuple[int, int, int]:
    """Automatic receipts, those that say otherwise than their letter, and those that the ledger did not letter."""
    owner = {one: group for group in true for one in group}
    auto = proposals.decisions.filter(decision="auto")["receipt_id"]
    lines = proposals.allocations.filter(pl.col("receipt_id").is_in(auto.implode()))
    wrong = unjudged = 0
    for (receipt,), part in lines.group_by("receipt_id"):
        letter = owner.get(str(receipt))
        if letter is None:
            # An item that the ledger lettered with something else was not paid by this receipt.
            elsewhere = any(item in owner for item in part["item_id"])
            wrong, unjudged = wrong + elsewhere, unjudged + (not elsewhere)
        else:
            wrong += not set(part["item_id"]) <= letter
    return auto.len(), wrong, unjudged


def main(argv: list[str] | None = None) -> int:
    """Prints the table beside its bars, then the groups that were not found; 1 where a bar is not held."""
    call = arguments("Real ledgers with their letters taken away", argv)
    paths = ledgers()
    if not paths:
        print("no sample ledgers (corpus/fec): set ENCOURS_SHARED to the folder that holds corpus/")
        return 0
    verdicts = measure(_all, paths).value
    groups, found = sum(one.groups for one in verdicts), sum(one.found for one in verdicts)
    share = round(100 * found / groups, 1) if groups else "no group"
    figures = [
        Figure("ledgers", len(verdicts)),
        Figure("balanced groups of letters", groups),
        Figure("found exactly", found),
        Figure("found exactly, of all", share, "%", at_least=_FOUND_MIN if groups else None),
        Figure("posted automatically", sum(one.automatic for one in verdicts)),
        Figure("wrong among automatic", sum(one.wrong for one in verdicts), at_most=0),
        Figure("automatic where the ledger has no letter", sum(one.unjudged for one in verdicts)),
    ]
    code = report(call, figures, {"by ledger": [[one.groups, one.found, one.automatic] for one in verdicts]})
    for one in verdicts:
        for missed in one.missed:
            print(f"{one.file}: the group of {missed} is not found")
    return code


def _all(paths: list[Path]) -> list[Verdict]:
    return [judge_ledger(path) for path in paths]


if __name__ == "__main__":
    raise SystemExit(main())
