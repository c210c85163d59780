"""Reading a book folder: types come from the schema, good lines load, bad cells become issues with file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.book_folder import cells, lines
from encours.connectors.book_folder.folder import table_files
from encours.core.base.book import Book
from encours.core.base.issue import ISSUE_SCHEMA, Issues, concat_issues
from encours.core.base.schema import TABLES, Table

_ENTRY = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
REJECTED_SCHEMA = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}


@dataclass
class _Part:
    """One table as read: its rows, its issues, the lines set aside, the required columns its file lacks."""

    rows: pl.DataFrame
    issues: pl.DataFrame
    rejected: list[pl.DataFrame] = field(default_factory=list)
    absent: tuple[str, ...] = ()


def sniff(head: bytes, name: str) -> float:
    """1 for a zip or a folder with files of the Book, 0.9 for one table's CSV, 0.8 for its Parquet, else 0."""
    stem, _, suffix = Path(name.lower()).name.partition(".")
    if head.startswith(b"directory\x00"):
        names = head.decode("utf-8", errors="replace").split("\x00")[1:]
        return 1.0 if any(_is_table_file(entry) for entry in names) else 0.0
    if head.startswith(b"PK\x03\x04"):
        found = [head[m.end() : m.end() + int.from_bytes(m[1], "little")] for m in _ENTRY.finditer(head)]
        return 1.0 if any(_is_table_file(entry.decode("utf-8", errors="replace")) for entry in found) else 0.0
    if stem not in TABLES:
        return 0.0
    if head.startswith(b"PAR1"):
        return 0.8
    first = head.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    names = [cell.strip().strip('"') for cell in first.split(",")]
    return 0.9 if suffix == "csv" and set(TABLES[stem].required) <= set(names) else 0.0


def _is_table_file(name: str) -> bool:
    stem, _, suffix = name.replace("\\", "/").rsplit("/", 1)[-1].partition(".")
    return stem in TABLES and suffix in ("csv", "parquet")


def read(source: Source, options: Options) -> Reading:
    """The connector's reading of a folder, a zip or one table's file."""
    tables, issues, rejected = _read(source.path, source.name)
    ids = tables["entities"]["entity_id"].drop_nulls().unique() if "entities" in tables else None
    return Reading(
        kind="book",
        tables={name: rows for name, rows in tables.items() if rows.height},
        issues=issues,
        entity_id=options.entity_id or (ids[0] if ids is not None and len(ids) == 1 else None),
        facts={"rows": {name: rows.height for name, rows in tables.items()}},
        rejected=rejected,
    )


def read_book(path: Path | str) -> tuple[Book, pl.DataFrame]:
    """The Book in a folder (or a .zip of it, or one table's file) and the issues found in reading it.

    An absent table is empty, an absent nullable column null, an unknown column an info issue; absent required columns
    are one error naming all, and their tables stay empty. Raises CallError where the path does not exist.
    """
    path = Path(path)
    tables, issues, _ = _read(path, path.name)
    return Book.of(**tables), issues


def _read(path: Path, name: str) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    issues = Issues(name)
    parts: dict[str, _Part] = {}
    with table_files(path, issues) as files:
        for table, file in files.items():
            parts[table] = _read_table(TABLES[table], file)
        if not files and not issues.rows:
            names = ", ".join(TABLES)
            issues.add(
                "not_a_book", "no table of the Book is here", action=f"Name the files after the tables: {names}."
            )
    if absent := {table: part.absent for table, part in parts.items() if part.absent}:
        named = "; ".join(f"{table}: {', '.join(columns)}" for table, columns in absent.items())
        issues.add(
            "missing_columns",
            f"required columns are absent: {named}",
            action="Add these columns with exactly these names; CSV cells are separated by commas.",
        )
    found = concat_issues([issues.frame(), *(part.issues for part in parts.values())])
    rejected = [frame for part in parts.values() for frame in part.rejected]
    return (
        {table: part.rows for table, part in parts.items()},
        found,
        pl.concat([pl.DataFrame(schema=REJECTED_SCHEMA), *rejected]),
    )


def _read_table(table: Table, file: Path) -> _Part:
    issues = Issues(file.name)
    try:
        names = _names(file)
        _say_unknown(table, names, issues)
        absent = tuple(name for name in table.required if name not in names)
        if absent:
            return _Part(table.empty(), issues.frame(), absent=absent)
        wanted = [name for name in table.schema if name in names]
        if file.suffix == ".csv":
            text = lines.read_lines(file, names, wanted)
            raw, bad = text.cells, text.bad
        else:
            raw, bad = pl.read_parquet(file, columns=wanted).select(wanted).with_row_index("line", 1), []
            raw = raw.with_columns(pl.col("line").cast(pl.Int64))
    except (OSError, ValueError, pl.exceptions.PolarsError, PanicException) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        issues.add("unreadable_file", f"{table.name} cannot be read: {reason}", action="Write the file anew.")
        return _Part(table.empty(), issues.frame())
    for line, code, message, _ in bad:
        issues.add(code, message, line=line, action="Correct this line; the others were loaded.", table=table.name)
    part = _typed_rows(table, raw, issues)
    aside = [(line, text, code) for line, code, _, text in bad]
    part.rejected.insert(0, pl.DataFrame(aside, schema=REJECTED_SCHEMA, orient="row"))
    return part


def _names(file: Path) -> list[str]:
    return lines.header(file) if file.suffix == ".csv" else list(pl.read_parquet_schema(file))


def _say_unknown(table: Table, names: list[str], issues: Issues) -> None:
    if unknown := [name for name in dict.fromkeys(names) if name not in table.schema]:
        text = f"columns that the Book does not have were ignored: {', '.join(unknown)[:500]}"
        issues.add("unknown_columns", text, severity="info", table=table.name)
    if twice := [name for name in table.schema if names.count(name) > 1]:
        text = f"columns that stand twice; the first was read: {', '.join(twice)}"
        issues.add("repeated_columns", text, severity="warning", action="Remove the others.", table=table.name)


def _typed_rows(table: Table, raw: pl.DataFrame, issues: Issues) -> _Part:
    wrong, casts = [], []
    bare = [name for name in raw.columns if _says_nothing(raw[name], table)]
    for name in raw.columns:
        if name in bare:
            casts.append(pl.lit(None, dtype=table.schema[name]).alias(name))
        elif name != "line":
            cast = cells.typed(name, raw.schema[name], table.schema[name])
            casts.append(pl.lit(None, dtype=table.schema[name]).alias(name) if cast is None else cast.alias(name))
            if cast is None:
                wrong.append(name)
                text = f"{name} is {raw.schema[name]}, not {table.schema[name]}"
                issues.add("wrong_type", text, action="Write the column with the Book's type.", table=table.name)
    if set(wrong) & set(table.required) or not raw.height:
        return _Part(table.empty(), issues.frame())
    rows = raw.select("line", *casts)
    bad = [_bad_cells(table, raw, rows, name) for name in raw.columns if name not in ("line", *wrong, *bare)]
    bad += [_empty_cells(table, raw, rows, name) for name in cells.must_hold(table)]
    faults = pl.concat(bad).sort("line", maintain_order=True)
    found = _cell_issues(table, faults, issues.file)
    if not faults.height:
        return _Part(table.conform(rows.drop("line")), concat_issues([issues.frame(), found]))
    lost = raw.filter(pl.col("line").is_in(faults["line"].implode()))
    rejected = lost.select("line", text=_as_text(lost), code=pl.lit("bad_cell"))
    good = rows.filter(~pl.col("line").is_in(faults["line"].implode())).drop("line")
    return _Part(table.conform(good), concat_issues([issues.frame(), found]), [rejected])


def _says_nothing(column: pl.Series, table: Table) -> bool:
    """Whether it is kept as one null, however long: laid out it would take as much room as a full one."""
    return column.dtype == table.schema.get(column.name) and 0 < len(column) == column.null_count()


def _bad_cells(table: Table, raw: pl.DataFrame, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    if raw[name].null_count() == rows[name].null_count():
        return _NO_FAULTS
    given = raw[name].cast(pl.String, strict=False)
    blank = (
        (given.str.strip_chars() == "") if raw.schema[name] == pl.String() else pl.repeat(False, raw.height, eager=True)
    )
    bad = given.is_not_null() & rows[name].is_null() & ~blank
    written = cells.written_as(table.schema[name])
    text = given.filter(bad).str.slice(0, 60)
    return raw.filter(bad).select(
        "line",
        code=pl.lit("bad_cell"),
        message=pl.format("{}: {} is not {}", pl.lit(name), pl.lit(text), pl.lit(written)),
    )


#: line, code, message.
_NO_FAULTS = pl.DataFrame(schema={"line": pl.Int64, "code": pl.String, "message": pl.String})


def _empty_cells(table: Table, raw: pl.DataFrame, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    empty = raw[name].is_null()
    if raw.schema[name] == pl.String():
        empty = empty | (raw[name].str.strip_chars() == "")
    if not empty.any():
        return _NO_FAULTS
    message = pl.lit(f"{name} is empty")
    return raw.filter(empty).select("line", code=pl.lit("missing_value"), message=message)


def _cell_issues(table: Table, faults: pl.DataFrame, file: str | None) -> pl.DataFrame:
    return faults.select(
        file=pl.lit(file),
        line=pl.col("line"),
        code=pl.col("code"),
        severity=pl.lit("error"),
        message=pl.col("message"),
        action=pl.lit("Correct this line; the others were loaded."),
        table=pl.lit(table.name),
        key=pl.lit(None, dtype=pl.String),
    ).select(list(ISSUE_SCHEMA))


def _as_text(rows: pl.DataFrame) -> pl.Expr:
    columns = [pl.col(name).cast(pl.String, strict=False).fill_null("") for name in rows.columns if name != "line"]
    return pl.concat_str(columns, separator=",")
