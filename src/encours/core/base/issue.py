"""Issues: what is wrong with data, where, and what to do about it. Data never raises; it reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Severity = Literal["error", "warning", "info"]

#: Columns of an issue frame. `line` is the line of a text file, the element number of an XML file, the row of a
#: sheet, all from 1. `table` and `key` name the Book's row that is meant, where there is one.
ISSUE_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "line": pl.Int64(),
    "code": pl.String(),
    "severity": pl.String(),
    "message": pl.String(),
    "action": pl.String(),
    "table": pl.String(),
    "key": pl.String(),
}


class CallError(ValueError):
    """A wrong call: one error that lists every fault of the call."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(self.faults))


@dataclass
class Issues:
    """A growing list of issues that share one file name; `frame()` gives them as a frame."""

    file: str | None = None
    rows: list[tuple[str | None, int | None, str, str, str, str | None, str | None, str | None]] = field(
        default_factory=list
    )

    def add(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        severity: Severity = "error",
        action: str | None = None,
        table: str | None = None,
        key: str | None = None,
    ) -> None:
        """One issue. `code` is snake_case and stable; `message` says what is wrong, `action` what to do."""
        self.rows.append((self.file, line, code, severity, message, action, table, key))

    def frame(self) -> pl.DataFrame:
        """The issues so far, in order, in ISSUE_SCHEMA."""
        return pl.DataFrame(self.rows, schema=ISSUE_SCHEMA, orient="row")


def no_issues() -> pl.DataFrame:
    """An empty issue frame."""
    return pl.DataFrame(schema=ISSUE_SCHEMA)


def concat_issues(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Issue frames one after the other; absent columns become null."""
    # Most rules find nothing: to bring two hundred empty frames into shape took half the time of checking a small book.
    return pl.concat([no_issues(), *(_conform(frame) for frame in frames if frame.height)])


def _conform(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.schema == ISSUE_SCHEMA:
        return frame
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in ISSUE_SCHEMA.items()
    ]
    return frame.select(columns)


def has_errors(issues: pl.DataFrame) -> bool:
    """Whether any issue is an error."""
    return bool((issues["severity"] == "error").any())
