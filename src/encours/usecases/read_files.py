"""Reads files of any readable kind into one Book: entities given, bank lines and ledger receipts paired."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import polars as pl

from encours.connectors.base.contract import Options, Reading, Source
from encours.core.base.book import Book
from encours.core.base.issue import Issues, concat_issues, no_issues
from encours.core.base.named import NAMED
from encours.core.base.schema import TABLES
from encours.core.identity.subjects import NAMED_IN_FILE
from encours.usecases.pair_book import BOOK, FORMATS, STORED, PairedBook, no_formats, pair_book, with_series
from encours.usecases.sources import Found, find_sources
from encours.usecases.tie_documents import tie_documents
from encours.usecases.unify_sources import (
    fill_customers,
    known_customers,
    no_told,
    rank_of,
    told_by,
    unify_tables,
)

#: What says whose files these are: a ledger by its name, a book by its entities.
_NAMING_ENTITIES = ("fec", "book_folder")
#: The tables whose rows a ledger carries from year to year.
_CARRIED = ("items", "allocations")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Houses:
    """Whose a file is that does not say it: `by_account` (bank account → entity) first, else `only`, the one there is.

    With neither, the file is read as before and an error asks for its entity.
    """

    only: str | None = None
    by_account: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadOptions:
    """What the caller knows. `mappings` are saved column mappings by source name, `mapping` serves all others.

    `settings` reach every connector; `progress(done, total, name)` is called before each file.
    """

    entity_id: str | None = None
    mapping: Mapping[str, object] | None = None
    mappings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    progress: Progress | None = None
    houses: Houses | None = None


@dataclass(frozen=True)
class FileRead:
    """One source: `kind` and `connector` are null where no connector knows it; `counts` are rows by table."""

    name: str
    sha256: str
    kind: str | None
    connector: str | None
    entity_id: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    rejected: pl.DataFrame | None = None


@dataclass(frozen=True)
class FilesRead:
    """All sources as one Book, their issues, one record a source.

    origins: table, key, file, line of the rows whose place is known. merges: kept_id, dropped_id, rule of receipts that
    were one. relations: entity_id, ledger_account, account, agreed, of. unpaired: receipt_id, side (bank, ledger).
    told: item_id, rank, states_due of the best source of each item (`unify_sources.told_by`). formats: receipt_id,
    series, rank of the receipts that files other than a book folder tell of, as pairing goes by. named: file and NAMED,
    events of invoices and customers that are still to be tied to ours (`tie_events`).
    """

    book: Book
    issues: pl.DataFrame
    files: tuple[FileRead, ...]
    origins: pl.DataFrame
    merges: pl.DataFrame
    relations: pl.DataFrame
    unpaired: pl.DataFrame
    told: pl.DataFrame = field(default_factory=no_told)
    formats: pl.DataFrame = field(default_factory=no_formats)
    named: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NAMED_IN_FILE))


def read_files(sources: Sequence[Source], options: ReadOptions | None = None) -> FilesRead:
    """Reads every source (files, folders, archives) into one Book; the order in which they are given is of no effect.

    The entity is the given one, else the FEC's SIREN, else what the file itself says (a bank account, a seller).
    Raises CallError for a path that does not exist or a wrong setting; bad data becomes issues.
    """
    options = options or ReadOptions()
    notes: list[Issues] = []
    with tempfile.TemporaryDirectory(prefix="encours-read-") as scratch:
        found = find_sources(sources, Path(scratch), notes)
        readings = _read_all(found, options, notes)
    files = tuple(_record(one, reading) for one, reading in readings)
    parts = [(one, reading) for one, reading in readings if reading is not None]
    # One order whatever order they were given in: by the period they end with, then by content.
    parts.sort(key=lambda part: (part[1].kind == BOOK, str(part[1].facts.get("to") or ""), part[0].digest))
    names = [one.connector.name if one.connector else "" for one, _ in parts]
    met = known_customers([(name, reading) for name, (_, reading) in zip(names, parts, strict=True)])
    parts = [(one, reading) for (one, _), reading in zip(parts, met, strict=True)]
    told = list(zip(names, met, strict=True))
    united = _united([reading for _, reading in parts], told)
    paired = united.paired
    tables, untied = _with_printed(united.tables, [reading for _, reading in parts])
    told_issues = [reading.issues for _, reading in parts]
    said = [*(note.frame() for note in notes), *told_issues, united.ambiguous, paired.issues, untied]
    return FilesRead(
        Book.of(**tables),
        concat_issues(said),
        files,
        _origins(parts),
        paired.merges,
        paired.relations,
        paired.unpaired,
        told_by(told),
        united.formats,
        _named([(one.source.name, reading) for one, reading in parts]),
    )


@dataclass(frozen=True)
class _United:
    """All sources' tables with every euro and every invoice once, what pairing found, numbers that stay ambiguous."""

    tables: dict[str, pl.DataFrame]
    paired: PairedBook
    ambiguous: pl.DataFrame
    formats: pl.DataFrame


def _united(readings: list[Reading], told: list[tuple[str, Reading]]) -> _United:
    if _is_one_book(readings):
        nothing = pair_book({}, _receipts([]))
        return _United(_joined(readings), nothing, no_issues(), no_formats())
    joined, listed = _apart(_joined(readings), told_by(told))
    receipts = _receipts(readings)
    paired = pair_book(joined, receipts)
    # Only after an opening became the invoice it carries forward is a number of the ledger one invoice.
    tables, ambiguous = unify_tables(_together(paired.tables, listed), told)
    return _United(tables, paired, ambiguous, receipts.filter(pl.col("rank") > STORED).select(list(FORMATS)))


def _is_one_book(readings: list[Reading]) -> bool:
    """Whether all of it is one book folder, each table told once: it says itself which rows are one."""
    names = [name for reading in readings for name in reading.tables]
    return all(reading.kind == BOOK for reading in readings) and len(names) == len(set(names))


def _apart(
    tables: dict[str, pl.DataFrame], told: pl.DataFrame
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """What ledgers and books tell, and what only lists and invoices do: no ledger carries that into its next year."""
    only_listed = told.filter(pl.col("rank") > rank_of("fec"))["item_id"].implode()
    held = {name: tables[name].filter(pl.col("item_id").is_in(only_listed)) for name in _CARRIED if name in tables}
    rest = {name: tables[name].filter(~pl.col("item_id").is_in(only_listed)) for name in held}
    return {**tables, **rest}, held


def _together(tables: Mapping[str, pl.DataFrame], listed: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return {**tables, **{name: pl.concat([tables[name], frame]) for name, frame in listed.items()}}


def _read_all(found: list[Found], options: ReadOptions, notes: list[Issues]) -> list[tuple[Found, Reading | None]]:
    """Ledgers and books first: the one entity that they name is that of the bank files beside them."""
    ordered = sorted(found, key=lambda one: one.connector is None or one.connector.name not in _NAMING_ENTITIES)
    entity = options.entity_id
    read: list[tuple[Found, Reading | None]] = []
    for number, one in enumerate(ordered):
        if options.progress:
            options.progress(number, len(ordered), one.source.name)
        if one.connector is not None and one.connector.name not in _NAMING_ENTITIES and entity is None:
            entity = _ledger_entity(read)
        reading = _read_one(one, replace(options, entity_id=entity), notes)
        if entity is None and reading is not None and options.houses is not None:
            reading = _housed(one, reading, options, options.houses, notes)
        read.append((one, reading))
    place = {id(one): number for number, one in enumerate(found)}
    return sorted(read, key=lambda pair: place[id(pair[0])])


def _housed(one: Found, reading: Reading, options: ReadOptions, houses: Houses, notes: list[Issues]) -> Reading:
    """The file once more, in the entity whose it is; as it was where it says its entity itself."""
    accounts = {
        account
        for name in ("receipts", "statements")
        if name in reading.tables
        for account in reading.tables[name]["account"].unique().drop_nulls()
    }
    if isinstance(collected := reading.facts.get("account"), str):  # a remittance names the account that it credits
        accounts.add(collected)
    if _says_its_entity(one, reading, accounts):
        return reading
    owners = {houses.by_account.get(account) for account in accounts}
    owner = next(iter(owners)) if len(owners) == 1 else None
    found = owner or houses.only
    if found is not None:
        return _read_one(one, replace(options, entity_id=found), notes) or reading
    note = Issues(one.source.name)
    which = f"bank account {', '.join(sorted(accounts))}" if accounts else "file"
    note.add("no_entity", f"nothing says whose this {which} is", action="Choose the entity of this import.")
    notes.append(note)
    return reading


def _says_its_entity(one: Found, reading: Reading, accounts: set[str]) -> bool:
    """Ledgers, books and e-invoices do; a bank statement is named after its account, which is no company."""
    if one.connector is None or one.connector.name in (*_NAMING_ENTITIES, "einvoice"):
        return True
    told = [] if reading.named is None else [reading.named]
    frames = [frame for frame in (*reading.tables.values(), *told) if "entity_id" in frame.columns and frame.height]
    named = {reading.entity_id, *(name for frame in frames for name in frame["entity_id"].unique())}
    return not frames or bool(named - {None, "unknown"} - accounts)


def _ledger_entity(read: list[tuple[Found, Reading | None]]) -> str | None:
    known: set[str | None] = set()
    for one, reading in read:
        if reading is None or one.connector is None or one.connector.name not in _NAMING_ENTITIES:
            continue
        named = reading.tables.get("entities")
        known |= set(named["entity_id"]) if named is not None else {reading.entity_id} - {None}
    return next(iter(known)) if len(known) == 1 else None


def _read_one(one: Found, options: ReadOptions, notes: list[Issues]) -> Reading | None:
    if one.connector is None:
        note = Issues(one.source.name)
        note.add(
            "unknown_kind",
            "no connector reads this kind of file",
            severity="error" if one.named else "warning",
            action="Give a FEC, a bank statement, a sheet, an e-invoice or a book folder.",
        )
        notes.append(note)
        return None
    mapping = options.mappings.get(one.source.name, options.mapping)
    return one.connector.read(one.source, Options(options.entity_id, mapping, options.settings))


def _record(one: Found, reading: Reading | None) -> FileRead:
    if reading is None:
        return FileRead(one.source.name, one.digest, None, None)
    told = {} if reading.named is None else {"events": reading.named}
    counts = {name: frame.height for name, frame in {**reading.tables, **told}.items() if frame.height}
    connector = one.connector.name if one.connector else None
    return FileRead(
        one.source.name, one.digest, reading.kind, connector, reading.entity_id, reading.facts, counts, reading.rejected
    )


def _joined(readings: list[Reading]) -> dict[str, pl.DataFrame]:
    """Every table's rows, in order; one row a version, the later file's word last."""
    tables = {}
    for name, table in TABLES.items():
        frames = [table.conform(reading.tables[name]) for reading in readings if name in reading.tables]
        if frames and name == "customers":
            tables[name] = fill_customers(frames)
        elif frames:
            key = [*table.key, *(["known_on"] if table.versioned else [])]
            rows = pl.concat(frames)
            twice = rows.select(key).is_duplicated().any()  # laying a million rows out anew only where it is needed
            tables[name] = rows.unique(key, keep="last", maintain_order=True) if twice else rows
    tables["entities"] = _entities(tables)
    return tables


def _with_printed(
    tables: dict[str, pl.DataFrame], readings: list[Reading]
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Printed invoices tied to the items whose numbers they bear, and an issue for each that finds none."""
    printed = [
        one for reading in readings for one in cast("list[dict[str, Any]]", reading.facts.get("documents") or [])
    ]
    if not printed:
        return tables, no_issues()
    documents, issues = tie_documents(tables.get("items", TABLES["items"].empty()), printed)
    own = tables.get("documents", TABLES["documents"].empty())
    both = pl.concat([own, documents]).unique("document_id", keep="first", maintain_order=True)
    return {**tables, "documents": both}, issues


def _named(read: list[tuple[str, Reading]]) -> pl.DataFrame:
    """What the files tell of invoices and customers that they name in their own way."""
    parts = [
        reading.named.select(pl.lit(name).alias("file"), *NAMED) for name, reading in read if reading.named is not None
    ]
    return pl.concat([pl.DataFrame(schema=NAMED_IN_FILE), *parts])


def _receipts(readings: list[Reading]) -> pl.DataFrame:
    """All receipts with the file format they came from, which pairing goes by."""
    rows = [
        with_series(reading.tables["receipts"], reading.kind, str(reading.facts.get("message") or ""))
        for reading in readings
        if "receipts" in reading.tables
    ]
    return pl.concat(rows) if rows else with_series(TABLES["receipts"].empty(), "")


def _entities(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The entities that files name, and a bare row for those they only imply."""
    known = tables.get("entities", TABLES["entities"].empty())
    implied = [
        tables[name].select("entity_id", "currency").drop_nulls("entity_id")
        for name in ("items", "receipts", "orders")
        if name in tables
    ]
    if not implied:
        return known
    bare = pl.concat(implied).group_by("entity_id").agg(pl.col("currency").mode().sort().first())
    bare = bare.join(known, on="entity_id", how="anti").sort("entity_id")
    rows = bare.select("entity_id", "currency", name="entity_id", country=pl.lit("FR"))
    return pl.concat([known, TABLES["entities"].conform(rows)])


def _origins(parts: list[tuple[Found, Reading]]) -> pl.DataFrame:
    schema = {"table": pl.String(), "key": pl.String(), "file": pl.String(), "line": pl.Int64()}
    frames = [pl.DataFrame(schema=schema)]
    for one, reading in parts:
        for name, frame in reading.tables.items():
            if "line" in frame.columns:
                frames.append(
                    frame.select(
                        table=pl.lit(name),
                        key=pl.concat_str(TABLES[name].key, separator="|"),
                        file=pl.lit(one.source.name),
                        line=pl.col("line").cast(pl.Int64),
                    )
                )
    return pl.concat(frames)
