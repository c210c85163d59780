"""Imports: what came in, what it was, what was wrong with it, what it would change or has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from encours.store.models import Entity, Import, ImportFile, ImportIssue, RejectedLine
from encours.usecases.viewing import Viewing

_SHOWN = 100
_SEVERITIES = ("error", "warning", "info")
#: Of each kind of issue the first ones are shown; the download has all.
_ISSUES_EACH = 20
#: A longer list of files shows only those that ask for something.
_FILES_SHOWN = 12


@dataclass(frozen=True)
class ImportRow:
    """A line of the list."""

    import_id: int
    received_at: datetime
    entity_name: str
    user: str
    state: str
    files: list[str]
    issues: int
    errors: int


@dataclass(frozen=True)
class ImportsPage:
    """The list and where files may be imported to."""

    rows: list[ImportRow]
    entities: list[tuple[str, str]]
    may_found: bool  # whether a file may bring an entity of its own


@dataclass(frozen=True)
class FileRow:
    """A file of the import."""

    file_id: int
    name: str
    size: int
    connector: str
    kind: str
    rows: int
    rejected: int
    facts: dict[str, Any]
    can_map: bool


@dataclass(frozen=True)
class IssueRow:
    """What was wrong, where, what to do."""

    file_name: str | None
    line: int | None
    severity: str
    code: str
    message: str
    action: str


@dataclass(frozen=True)
class IssueGroup:
    """Issues of one kind: how many, and the first of them."""

    severity: str
    count: int
    issues: list[IssueRow]


@dataclass(frozen=True)
class ImportPage:
    """One import."""

    import_id: int
    entity_name: str
    state: str
    scope: str
    day: date | None
    known_on: date
    received_at: datetime
    committed_at: datetime | None
    user: str
    held_because: str
    progress: str
    counts: list[tuple[str, int, int, int]]  # table, new, same, changed
    files: list[FileRow]
    issues: list[IssueGroup]
    issue_counts: dict[str, int]
    severity: str

    @property
    def files_shown(self) -> list[FileRow]:
        """The files of a short list; of a long one those that are not simply read."""
        return [row for row in self.files if len(self.files) <= _FILES_SHOWN or row.rejected or not row.connector]

    @property
    def files_folded(self) -> list[FileRow]:
        """The other files."""
        shown = {row.file_id for row in self.files_shown}
        return [row for row in self.files if row.file_id not in shown]

    @property
    def waits(self) -> bool:
        """Whether a person has still to say yes."""
        return self.state in ("received", "read", "held", "failed")

    @property
    def changes_nothing(self) -> bool:
        """Whether the book holds all of it already."""
        return bool(self.counts) and not any(new or changed for _, new, _, changed in self.counts)


def may_see_imports(viewing: Viewing) -> bool:
    """Whether the actor has to do with imports at all."""
    return viewing.actor.may("import_files", None).ok or viewing.actor.may("see_audit", None).ok


def _visible(viewing: Viewing) -> QuerySet[Import]:
    """Imports of entities seen whole, and one's own that have no entity yet."""
    ids = viewing.rows(Import).values("pk")
    return Import.objects.filter(Q(pk__in=ids) | Q(entity__isnull=True, user=viewing.actor.user))


def show_imports(viewing: Viewing) -> ImportsPage:
    """The last imports, newest first."""
    counted = _visible(viewing).annotate(
        found=Count("issues", filter=~Q(issues__severity="info"), distinct=True),
        errors=Count("issues", filter=Q(issues__severity="error"), distinct=True),
    )
    rows = list(counted.select_related("entity", "user").prefetch_related("files").order_by("-received_at")[:_SHOWN])
    every = viewing.every_entity()
    names = dict(every.rows(Entity).order_by("name").values_list("entity_id", "name"))
    return ImportsPage(
        rows=[
            ImportRow(
                row.pk,
                row.received_at,
                row.entity.name if row.entity else "",
                row.user.get_full_name() or row.user.email if row.user else "",
                row.state,
                [file.name for file in row.files.all()],
                row.found,
                row.errors,
            )
            for row in rows
        ],
        entities=[(key, name) for key, name in names.items() if viewing.actor.may("import_files", key).ok],
        may_found=viewing.actor.is_superuser or viewing.actor.may("manage_settings", None).ok,
    )


def show_import(viewing: Viewing, import_id: int, severity: str = "") -> ImportPage | None:
    """One import with its files and issues; None where there is none that the actor may see."""
    row = _visible(viewing.every_entity()).select_related("entity", "user").filter(pk=import_id).first()
    if row is None:
        return None
    issues = ImportIssue.objects.filter(owner=row)
    counted = dict(issues.order_by().values_list("severity").annotate(found=Count("id")))
    by_severity = {name: counted[name] for name in _SEVERITIES if name in counted}
    shown = issues.filter(severity=severity) if severity in by_severity else issues
    return ImportPage(
        import_id=row.pk,
        entity_name=row.entity.name if row.entity else "",
        state=row.state,
        scope=row.scope,
        day=row.day,
        known_on=row.known_on,
        received_at=row.received_at,
        committed_at=row.committed_at,
        user=row.user.get_full_name() or row.user.email if row.user else "",
        held_because=row.held_because,
        progress=row.progress,
        counts=[
            (table, found.get("new", 0), found.get("same", 0), found.get("changed", 0))
            for table, found in row.counts.items()
            if isinstance(found, dict) and any(found.values())
        ],
        files=[_file(file) for file in row.files.order_by("name")],
        issues=_groups(shown),
        issue_counts=by_severity,
        severity=severity if severity in by_severity else "",
    )


def _groups(issues: QuerySet[ImportIssue]) -> list[IssueGroup]:
    """By severity, then the most frequent kinds first."""
    kinds = [F("severity"), F("code")]
    first = issues.annotate(
        at=Window(RowNumber(), partition_by=kinds, order_by="id"), count=Window(Count("id"), partition_by=kinds)
    ).filter(at__lte=_ISSUES_EACH)
    found: dict[tuple[str, str], IssueGroup] = {}
    for issue in first.select_related("file").order_by("id"):
        new = IssueGroup(issue.severity, issue.count, [])
        found.setdefault((issue.severity, issue.code), new).issues.append(_issue(issue))
    return sorted(found.values(), key=lambda group: (_rank(group.severity), -group.count))


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _issue(issue: ImportIssue) -> IssueRow:
    name = issue.file.name if issue.file else None
    return IssueRow(name, issue.line, issue.severity, issue.code, issue.message, issue.action)


def all_issues(viewing: Viewing, import_id: int) -> list[IssueRow] | None:
    """Every issue of an import, the gravest first; None where there is none that the actor may see."""
    row = _visible(viewing.every_entity()).filter(pk=import_id).first()
    if row is None:
        return None
    issues = ImportIssue.objects.filter(owner=row).select_related("file").order_by("id")
    return sorted(map(_issue, issues), key=lambda issue: _rank(issue.severity))


def _file(file: ImportFile) -> FileRow:
    facts = {key: value for key, value in file.facts.items() if not isinstance(value, dict | list)}
    return FileRow(
        file.pk,
        file.name,
        file.size,
        file.connector,
        file.kind,
        file.rows,
        file.rejected,
        facts,
        file.connector == "sheet"
        or (not file.connector and file.name.lower().endswith((".csv", ".xlsx", ".ods", ".txt"))),
    )


def import_progress(viewing: Viewing, import_id: int) -> tuple[str, str] | None:
    """(state, progress) of an import that the actor may see."""
    found = _visible(viewing.every_entity()).filter(pk=import_id).values_list("state", "progress").first()
    return (found[0], found[1]) if found else None


def rejected_lines(viewing: Viewing, import_id: int, file_id: int) -> tuple[str, Iterator[str]] | None:
    """(file name, its rejected lines as they stood) to correct and send again."""
    if not _visible(viewing.every_entity()).filter(pk=import_id).exists():
        return None
    file = ImportFile.objects.filter(pk=file_id, owner_id=import_id).first()
    if file is None:
        return None
    rows = RejectedLine.objects.filter(file=file).order_by("line", "id").values_list("text", flat=True)
    return file.name, (f"{text}\r\n" for text in rows.iterator())
