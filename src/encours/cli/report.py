"""What every command says alike: progress, issues line by line, one readable summary, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

DONE, BAD_DATA, WRONG_CALL = 0, 1, 2
_ISSUES_SHOWN = 20
#: How hard a Parquet file is compressed: at Polars' own 3 it takes a third longer and is no smaller.
_LEVEL = 1


class CallError(ValueError):
    """A wrong call, found by a command before any engine is imported; lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


def say_faults(error: Any) -> None:
    """Each fault of a wrong call on a line of its own, on standard error."""
    for fault in error.faults:
        print(f"encours: {fault}", file=sys.stderr)


def parse_day(text: str | None, option: str) -> date | None:
    """An ISO date option. Raises CallError naming the option."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CallError([f"{option}: {text!r} is not a date; write it like 2026-03-31"]) from None


def check_matching_call(book: Path, max_error_rate: float, file_format: str) -> None:
    """Raises CallError naming every fault of a call that matches a book folder."""
    faults = [] if book.is_dir() else [f"BOOK: {book} is not a folder"]
    if not 0 <= max_error_rate <= 1:
        faults.append(f"--max-error-rate: {max_error_rate} is not a share between 0 and 1")
    if file_format not in ("parquet", "csv"):
        faults.append(f"--format: {file_format!r} is neither parquet nor csv")
    if faults:
        raise CallError(faults)


def check_format(file_format: str) -> None:
    """Raises CallError for a format that outputs are not written in."""
    if file_format not in ("parquet", "csv"):
        raise CallError([f"--format: {file_format!r} is neither parquet nor csv"])


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A spinner on a terminal, nothing in a pipe; `update(text)` names the step."""
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield status


def say_issues(issues: pl.DataFrame, shown: int = _ISSUES_SHOWN) -> None:
    """The first issues one a line, then how many more of each code."""
    for row in issues.head(shown).iter_rows(named=True):
        place = ":".join(str(part) for part in (row["file"], row["line"]) if part is not None)
        key = f" [{row['table']} {row['key']}]" if row["table"] else ""
        action = f" {row['action']}" if row["action"] else ""
        print(f"{place or 'book'}: {row['severity']}: {row['code']}: {row['message']}{key}.{action}")
    if issues.height > shown:
        counts = issues[shown:]["code"].value_counts(sort=True)
        more = ", ".join(f"{code} ×{count}" for code, count in counts.iter_rows())
        print(f"… and {issues.height - shown} more: {more}")


def say_table(title: str, rows: Sequence[tuple[str, ...]], headers: tuple[str, ...]) -> None:
    """A small table for people; numbers right-aligned by the caller's own formatting."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120)
    # A table's own title would be broken at the width of a narrow table.
    if title:
        console.print(title, style="bold", highlight=False, markup=False)
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for index, header in enumerate(headers):
        table.add_column(header, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def whole_units(amount: int, currency: str) -> str:
    """An amount in whole units of its currency: what people read; the exact amounts are in the files."""
    from encours.core.base.money import exponent, is_currency

    places = exponent(currency) if is_currency(currency) else 2
    return f"{amount / 10**places:,.0f}"


def writable(tables: Mapping[str, pl.DataFrame], file_format: str) -> dict[str, pl.DataFrame]:
    """The tables as a format can hold them: CSV has no lists, they are told with a blank between."""
    import polars as pl

    if file_format != "csv":
        return dict(tables)
    lists = pl.selectors.by_dtype(pl.List(pl.String))
    return {name: frame.with_columns(lists.list.join(" ")) for name, frame in tables.items()}


def write_outputs(out: Path, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], file_format: str) -> None:
    """Result tables as Parquet (or CSV), and `summary.json`; an empty table is written with its columns."""
    from encours.core.base.threads import side_by_side

    check_format(file_format)
    out.mkdir(parents=True, exist_ok=True)

    def write(name: str) -> None:
        if file_format == "parquet":
            tables[name].write_parquet(out / f"{name}.parquet", compression_level=_LEVEL)
        else:
            tables[name].write_csv(out / f"{name}.csv")

    side_by_side(write, list(tables))  # a column of long texts leaves a processor free
    text = json.dumps(summary, indent=2, ensure_ascii=False, default=str)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
