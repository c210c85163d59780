"""What merging a Book would do to the store, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import Issues, concat_issues
from encours.core.base.schema import TABLES, Table
from encours.store import bulk, frames
from encours.store.models import FACTS, Entity
from encours.usecases.merge.diff import Difference, Knowing, difference
from encours.usecases.merge.known import TOLD_IN_PART, keep_known, tells_kind, tells_whole
from encours.usecases.merge.owners import with_entities
from encours.usecases.read_files import FileRead

_ID_MAX = 190


@dataclass(frozen=True)
class Origin:
    """Where rows came from: the import, and file ids with lines by table and key (columns table, key, file_id, line).

    Without an import a person or a job decided the rows: a later word of a source stands against sources only.
    """

    import_id: int | None = None
    lines: pl.DataFrame | None = None


@dataclass(frozen=True)
class Plan:
    """Entities to make or complete, each table's difference, what to say about it and what each table counts."""

    entities: pl.DataFrame
    tables: Mapping[str, Difference]
    issues: pl.DataFrame
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def entity_ids(self) -> list[str]:
        """Every entity that gets a row."""
        found = {e for part in self.tables.values() for e in part.rows["entity_id"].unique().to_list()}
        return sorted(found | set(self.entities["entity_id"].to_list()))

    @property
    def changes_nothing(self) -> bool:
        """Whether all of it is there already."""
        return not self.entities.height and not any(part.rows.height for part in self.tables.values())


def plan(book: Book, knowing: Knowing, default_entity: str | None = None, files: Sequence[FileRead] = ()) -> Plan:
    """Compares every table with the store; reads only the ids that the Book names. Bad rows become issues.

    What `files` leave empty in master data stays as it is known (`known`), unless their rows are whole.
    """
    in_part = () if tells_whole(files) else TOLD_IN_PART
    tables, issues = with_entities(book, default_entity)
    found: dict[str, Difference] = {}
    notes = [issues]
    for name, rows in tables.items():
        note = Issues()
        rows = _fitting(name, rows, note)
        stored = _stored(TABLES[name], rows)
        if files and name in in_part:
            rows = keep_known(TABLES[name], rows, stored, tells_kind(files))
        found[name] = difference(TABLES[name], rows, stored, knowing)
        notes += [note.frame(), found[name].issues]
    counts = {name: _count(part) for name, part in found.items()}
    return Plan(_entities(book), found, concat_issues(notes), counts)


def _count(part: Difference) -> dict[str, int]:
    counts = {"new": part.new, "same": part.same, "changed": part.changed}
    return {**counts, "refused": part.refused} if part.refused else counts


def _stored(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """All versions of the incoming ids that the store has; none where no entity has a row in the table yet."""
    columns = list(dict.fromkeys([*table.schema, "entity_id", "id", "import_id", "is_current"]))
    by = next((column for column in table.key if column.endswith("_id")), table.key[0])  # what says most has an index
    ids = rows[by]
    if not FACTS[table.name]._default_manager.exists():
        ids = ids.clear()
    return frames.versions(table.name, ids, columns, by=by)


def _fitting(name: str, rows: pl.DataFrame, note: Issues) -> pl.DataFrame:
    """Rows whose texts fit their columns: long texts are cut and said, a row with an endless id is left out."""
    for column in [key for key in TABLES[name].key if rows.schema[key] == pl.String()]:
        long = rows[column].str.len_chars() > _ID_MAX
        if long.any():
            text = f"{int(long.sum())} rows have a {column} of more than {_ID_MAX} characters and were left out"
            note.add("id_too_long", text, action="Give shorter ids.", table=name)
            rows = rows.filter(~long)
    rows, cut = bulk.fit(FACTS[name], rows)
    for column, count in cut.items():
        note.add("text_cut", f"{count} texts in {column} were too long and were cut", severity="info", table=name)
    return rows


def _entities(book: Book) -> pl.DataFrame:
    """Entities to make; a bare row (named by its own id) never renames one that is known."""
    rows = book.entities.unique("entity_id", keep="last", maintain_order=True).filter(
        pl.col("entity_id").str.len_chars().is_between(1, 64)
    )
    known = {
        entity.entity_id: (entity.name, entity.country, entity.currency, entity.legal_id)
        for entity in Entity.objects.filter(entity_id__in=rows["entity_id"].to_list())
    }
    wanted = [
        row["entity_id"] not in known
        or (
            row["name"] != row["entity_id"]
            and (row["name"], row["country"], row["currency"], row["legal_id"]) != known[row["entity_id"]]
        )
        for row in rows.iter_rows(named=True)
    ]
    return rows.filter(pl.Series(wanted, dtype=pl.Boolean))
