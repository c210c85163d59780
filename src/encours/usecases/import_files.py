"""Importing files: kept as they came, read, previewed, and merged into the store in one transaction."""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min

from encours.connectors.base.contract import Source
from encours.core.base.issue import ISSUE_SCHEMA, CallError, Issues, concat_issues
from encours.store import audit, bulk, parquet
from encours.store.models import (
    Entity,
    FactStamp,
    Import,
    ImportFile,
    ImportIssue,
    Receipt,
    RejectedLine,
    Role,
    SourceProfile,
)
from encours.usecases import clock, merge
from encours.usecases.apply_later import apply_later, follow_advices
from encours.usecases.manage_settings import setting
from encours.usecases.map_columns import saved_mappings
from encours.usecases.merge.apply import Merged, lock
from encours.usecases.merge.diff import Knowing
from encours.usecases.merge.meet_entries import own_entries
from encours.usecases.read_files import FileRead, FilesRead, Houses, ReadOptions, read_files
from encours.usecases.recompute_positions import recompute_positions
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.terms_of_files import term_settings

_CHUNK = 1024 * 1024
_ISSUES_KEPT = 20_000
_OPEN_STATES = (Import.State.RECEIVED, Import.State.READ, Import.State.HELD, Import.State.LOADING, Import.State.FAILED)


@dataclass(frozen=True)
class Upload:
    """A file that comes in: its name and how to open its bytes."""

    name: str
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> Upload:
        """A file on this machine."""
        return cls(name or path.name, lambda: path.open("rb"))


def receive_files(
    actor: Actor,
    entity_id: str | None,
    uploads: Sequence[Upload],
    *,
    source_id: int | None = None,
    scope: str = SourceProfile.Scope.CHANGES,
    known_on: date | None = None,
) -> Import:
    """Keeps the files as they came and opens an import of them; nothing is read yet.

    Without an entity the files say it themselves. Raises NotAllowedError, or CallError without a file.
    """
    require(actor, "import_files", entity_id)
    faults = [] if uploads else ["no file was given"]
    if entity_id is not None and not Entity.objects.filter(pk=entity_id).exists():
        faults.append(f"there is no entity {entity_id}: make it first, or leave it out and let the files say it")
    if faults:
        raise CallError(faults)
    kept = [_keep(upload) for upload in uploads]
    with transaction.atomic():
        owner = Import.objects.create(
            entity_id=entity_id,
            user=actor.user,
            source_id=source_id,
            scope=scope,
            received_at=clock.now(),
            known_on=known_on or clock.today(),
        )
        for file in kept:
            file.owner = owner
            file.save()
    return owner


def _keep(upload: Upload) -> ImportFile:
    """The file under its digest below the data folder; the same content is kept once."""
    home = Path(settings.HOME) / "files"
    home.mkdir(parents=True, exist_ok=True)
    part = home / f"{uuid.uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    with upload.open() as source, part.open("wb") as out:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
            size += len(chunk)
        out.flush()
        os.fsync(out.fileno())
    sha256 = digest.hexdigest()
    # Some kinds are told by their name as well: it is kept, cleaned of what a path would read into it.
    base = re.sub(r"[^\w.() +-]", "_", Path(upload.name.replace("\\", "/")).name).strip(". ")[-120:] or "file"
    target = home / sha256[:2] / sha256 / base
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    path = target.relative_to(settings.HOME).as_posix()
    return ImportFile(name=upload.name[-255:], path=path, size=size, sha256=sha256)


def preview_import(actor: Actor, import_id: int) -> Import:
    """Reads the files and says what importing them would do; the book stays as it is."""
    owner = _owned(actor, import_id, _OPEN_STATES)
    read = read_import(owner)
    with transaction.atomic():
        met = merge.meet(owner, read, clock.today())
        plan = merge.plan(met.book, _knowing(owner, read), owner.entity_id, read.files)
        owner.counts, owner.state = plan.counts, Import.State.READ
        owner.progress, owner.held_because = "", "; ".join(met.suspect)
        owner.save()
        _note(owner, read, concat_issues([read.issues, met.issues, plan.issues]))
    return owner


def commit_import(actor: Actor, import_id: int) -> Import:
    """Merges the import's files into the book: all of them or, whatever happens, none.

    A file that an earlier import brought is passed over with an issue. Done again, it changes nothing. A list of open
    items that is not believed is HELD until `confirm_import`, and changes nothing.

    Raises NotAllowedError where a file concerns an entity that the actor may not import into.
    """
    owner = _owned(actor, import_id, (*_OPEN_STATES, Import.State.DONE))
    if owner.state == Import.State.DONE:
        return owner
    with _failing(owner):
        taken = Import.objects.filter(pk=owner.pk).exclude(state=Import.State.DONE).update(state=Import.State.LOADING)
        if not taken:  # somebody else was faster
            return Import.objects.get(pk=owner.pk)
        read = read_import(owner)
        _say(owner, "loading")
        merged = _merge(actor, owner, read)
        del read  # the copies need the merged rows alone: a large book lies in memory once
    if merged is not None:
        merged.extend_copies()
    return Import.objects.get(pk=owner.pk)


def confirm_import(actor: Actor, import_id: int) -> Import:
    """A person believes a list that was held: it is merged now."""
    owner = _owned(actor, import_id, (Import.State.HELD, Import.State.READ))
    if actor.user is None:
        raise NotAllowedError("import_files", owner.entity_id, "no_role")
    with transaction.atomic():
        owner.confirmed_by = actor.user
        owner.save(update_fields=["confirmed_by"])
        audit.append(
            clock.now(),
            actor.name,
            "confirm_import",
            entity_id=owner.entity_id or "",
            subject=f"import:{owner.pk}",
        )
    return commit_import(actor, import_id)


def _hold(owner: Import, read: FilesRead, met: merge.Met) -> None:
    owner.state, owner.progress, owner.held_because = Import.State.HELD, "", "; ".join(met.suspect)
    owner.save()
    _note(owner, read, concat_issues([read.issues, met.issues]))


def _merge(actor: Actor, owner: Import, read: FilesRead) -> Merged | None:
    with transaction.atomic():
        known = Import.objects.select_for_update().get(pk=owner.pk)
        if known.state != Import.State.LOADING:
            raise CallError([f"import {owner.pk} is {known.state}: somebody else took it"])
        for entity_id in sorted({*read.book.entities["entity_id"].to_list(), parquet.NOBODY}):
            parquet.lock_entity(entity_id)
        met = merge.meet(owner, read, clock.today())
        if met.suspect:
            _hold(owner, read, met)
            return None
        plan = merge.plan(met.book, _knowing(owner, read), owner.entity_id, read.files)
        _require_entities(actor, plan)
        lock(plan)
        lines = _file_lines(owner, read)
        merged = merge.apply(plan, merge.Origin(owner.pk, lines), clock.now())
        owner.counts, owner.state, owner.progress = plan.counts, Import.State.DONE, ""
        owner.committed_at = clock.now()
        concerned = [entity_id for entity_id in plan.entity_ids if entity_id != parquet.NOBODY]
        if owner.entity_id is None and len(concerned) == 1:
            owner.entity_id = concerned[0]
        owner.save()
        _note(owner, read, concat_issues([read.issues, met.issues, plan.issues, merged.issues]))
        merge.note(met, owner, read)
        recompute_positions(merged.customers, clock.today())
        _grant_new(actor, plan)
        _apply_later(owner, read, merged, concerned)
        audit.append(
            clock.now(),
            actor.name,
            "import_files",
            entity_id=owner.entity_id or "",
            subject=f"import:{owner.pk}",
            after={
                "files": sorted(file.sha256 for file in owner.files.all()),
                "counts": plan.counts,
                "stamps": {stamp.entity_id: stamp.number for stamp in merged.stamps},
            },
        )
    return merged


def _apply_later(owner: Import, read: FilesRead, merged: Merged, concerned: Sequence[str]) -> None:
    """Asks for what waits to be applied: receipts came, or what says whose money is there already.

    A batch file (drafts, direct debits, a deposit slip) or an advice may come after its bank line.
    """
    receipts, instruments = merged.rows.get("receipts"), merged.rows.get("instruments")
    waiting = set() if receipts is None else set(receipts["entity_id"].unique().to_list())
    if instruments is not None and instruments.height:
        waiting |= set(concerned)
    apply_later(sorted(waiting))
    if owner.entity_id not in waiting and any(file.facts.get("advice") for file in read.files):
        follow_advices([] if owner.entity_id is None else [owner.entity_id])


def discard_import(actor: Actor, import_id: int) -> Import:
    """Lays an import aside that was not committed; its files stay."""
    owner = _owned(actor, import_id, _OPEN_STATES)
    owner.state = Import.State.DISCARDED
    owner.save(update_fields=["state"])
    return owner


def import_now(
    actor: Actor,
    entity_id: str | None,
    paths: Sequence[Path],
    *,
    known_on: date | None = None,
    progress: Callable[[str], None] | None = None,
) -> Import:
    """Receives and commits files and folders of this machine in one go. Raises CallError for a path not there."""
    if faults := [f"{path}: there is no such file or folder" for path in paths if not path.exists()]:
        raise CallError(faults)
    say = progress or (lambda _: None)
    say("keeping the files")
    owner = receive_files(actor, entity_id, [Upload.of(*pair) for pair in _files(paths)], known_on=known_on)
    say("reading and loading")
    return commit_import(actor, owner.pk)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and not inner.is_symlink() and not inner.name.startswith("."):
                yield inner, inner.relative_to(path).as_posix()


def read_import(owner: Import) -> FilesRead:
    """The import's files as one book. Files that an import of the same entity brought before are not read again."""
    known = known_files(owner)
    notes = []
    sources = []
    for file in owner.files.order_by("pk"):
        if file.sha256 in known:
            note = Issues(file.name)
            text = f"the file was already imported on {known[file.sha256]:%Y-%m-%d}"
            note.add("file_known", text, severity="info", action="Nothing to do.")
            notes.append(note.frame())
        else:
            sources.append(Source(Path(settings.HOME) / file.path, file.name))
    mapping = owner.source.mapping if owner.source else None
    options = ReadOptions(
        entity_id=owner.entity_id,
        mapping=mapping,
        mappings=saved_mappings(owner),
        settings={**_entity_settings(owner), **((owner.source.options if owner.source else None) or {})},
        progress=lambda done, total, name: _say(owner, f"{done}/{total} {name}"),
        houses=None if owner.entity_id else _houses(),
    )
    read = read_files(sources, options)
    return replace(read, issues=concat_issues([*notes, read.issues]))


def _entity_settings(owner: Import) -> dict[str, object]:
    """What the readers are told: the entity's receivable accounts, its terms where no due date is known, what left."""
    accounts = setting("fec.receivable_accounts", owner.entity_id, owner.known_on)
    recognised: dict[str, object] = {"receivable_accounts": accounts, "own_entries": own_entries}
    return {**recognised, **term_settings(setting("terms.default", owner.entity_id, owner.known_on))}


def _houses() -> Houses:
    """The one entity there is, and of several the one that has receipts on a bank account alone."""
    entities = list(Entity.objects.values_list("entity_id", flat=True)[:2])
    if len(entities) == 1:
        return Houses(only=entities[0])
    rows = (
        Receipt.objects.filter(is_current=True)
        .values("account")
        .annotate(first=Min("entity_id"), last=Max("entity_id"))
    )
    return Houses(by_account={row["account"]: row["first"] for row in rows if row["first"] == row["last"]})


def known_files(owner: Import) -> dict[str, date]:
    """Digest -> day of the import that brought the same content into the same entity, from the same source."""
    files = ImportFile.objects.filter(
        sha256__in=[file.sha256 for file in owner.files.all()], owner__state=Import.State.DONE
    ).exclude(owner=owner)
    if owner.entity_id:
        files = files.filter(owner__entity_id=owner.entity_id)
    if owner.source_id:  # another source reads the same file with other eyes
        files = files.filter(owner__source_id=owner.source_id)
    rows = files.values_list("sha256", "owner__known_on").order_by("-owner__known_on")
    return dict(rows)


def _knowing(owner: Import, read: FilesRead) -> Knowing:
    """History ends where the first import of these entities began to watch."""
    first = FactStamp.objects.filter(
        entity_id__in=read.book.entities["entity_id"].to_list(), number=1, import_id__isnull=False
    ).values("import_id")
    live_from = Import.objects.filter(pk__in=first).aggregate(day=Min("known_on"))["day"]
    return Knowing(owner.known_on, live_from)


def _require_entities(actor: Actor, plan: merge.Plan) -> None:
    known = set(Entity.objects.values_list("entity_id", flat=True))
    for entity_id in plan.entity_ids:
        if entity_id in known:
            require(actor, "import_files", entity_id)
        elif entity_id != parquet.NOBODY and not (actor.is_superuser or actor.may("manage_settings", None).ok):
            raise NotAllowedError("import_files", entity_id, "new_entity")


def _grant_new(actor: Actor, plan: merge.Plan) -> None:
    """Who brings a new entity administers it."""
    for entity_id in plan.entity_ids:
        if entity_id != parquet.NOBODY and entity_id not in actor.roles:
            actor.roles[entity_id] = frozenset({Role.Kind.ADMINISTRATOR.value})
            if actor.user is not None and not actor.is_superuser:
                Role.objects.get_or_create(user=actor.user, entity_id=entity_id, kind=Role.Kind.ADMINISTRATOR)


def _file_lines(owner: Import, read: FilesRead) -> pl.DataFrame | None:
    if not read.origins.height:
        return None
    ids = {file.name: file.pk for file in owner.files.all()}
    # The files of an archive bear the archive's name before their own.
    archive = pl.col("file").str.split("/").list.first()
    file_id = pl.coalesce(
        pl.col("file").replace_strict(ids, default=None, return_dtype=pl.Int64),
        archive.replace_strict(ids, default=None, return_dtype=pl.Int64),
    )
    return read.origins.select("table", "key", "line", file_id=file_id)


def _note(owner: Import, read: FilesRead, issues: pl.DataFrame) -> None:
    """What each file was, what was wrong and the lines that could not be read, in place of an earlier reading's."""
    files = {file.name: file for file in owner.files.all()}
    ImportIssue.objects.filter(owner=owner).delete()
    RejectedLine.objects.filter(file__owner=owner).delete()
    for one in read.files:
        file = files.get(one.name) or files.get(one.name.split("/")[0])
        if file is not None:
            _note_file(file, one)
    ids = {name: file.pk for name, file in files.items()}
    name = pl.col("file")
    file_id = pl.coalesce(
        name.replace_strict(ids, default=None, return_dtype=pl.Int64),
        name.str.split("/").list.first().replace_strict(ids, default=None, return_dtype=pl.Int64),
    )
    rows = issues.head(_ISSUES_KEPT).select(
        "line",
        "code",
        "severity",
        "message",
        pl.col("action", "table", "key").fill_null(""),
        file_id=file_id,
        owner_id=pl.lit(owner.pk),
    )
    bulk.insert(ImportIssue, bulk.fit(ImportIssue, rows)[0])


def _note_file(file: ImportFile, one: FileRead) -> None:
    file.connector, file.kind = one.connector or "", one.kind or ""
    file.facts = {**file.facts, **_plain(one.facts)}
    file.rows = sum(one.counts.values())
    rejected = one.rejected.height if one.rejected is not None else 0
    file.rejected = rejected
    file.save()
    if one.rejected is not None and rejected:
        rows = one.rejected.select(
            "line", pl.col("text").fill_null(""), pl.col("code").fill_null(""), file_id=pl.lit(file.pk)
        )
        bulk.insert(RejectedLine, bulk.fit(RejectedLine, rows)[0])


def _plain(facts: object) -> dict[str, object]:
    found = json.loads(json.dumps(facts, default=str))
    return found if isinstance(found, dict) else {}


def _say(owner: Import, text: str) -> None:
    Import.objects.filter(pk=owner.pk).update(progress=text[:120])


@contextmanager
def _failing(owner: Import) -> Iterator[None]:
    """An import that cannot be done says why, and may be tried again."""
    try:
        yield
    except Exception as error:
        Import.objects.filter(pk=owner.pk).exclude(state=Import.State.DONE).update(
            state=Import.State.FAILED, progress=str(error)[:120]
        )
        raise


def _owned(actor: Actor, import_id: int, states: Sequence[str]) -> Import:
    owner = Import.objects.filter(pk=import_id).first()
    if owner is None or (owner.entity_id is not None and not actor.sees(owner.entity_id)):
        raise NotAllowedError("import_files", None, "not_visible")
    if owner.entity_id is None and not actor.is_superuser and (actor.user is None or owner.user_id != actor.user.pk):
        raise NotAllowedError("import_files", None, "not_visible")
    require(actor, "import_files", owner.entity_id)
    if owner.state not in states:
        raise CallError([f"import {import_id} is {owner.state}: nothing is left to do with it"])
    return owner


def issues_of(owner: Import) -> pl.DataFrame:
    """The issues kept for an import, as an issue frame."""
    rows = ImportIssue.objects.filter(owner=owner).order_by("pk")
    values = rows.values_list("file__name", "line", "code", "severity", "message", "action", "table", "key")
    return pl.DataFrame(list(values), schema=ISSUE_SCHEMA, orient="row")


def repair_imports() -> list[int]:
    """Imports whose process died while loading: the book has nothing of them; they wait to be committed again."""
    stuck = list(Import.objects.filter(state=Import.State.LOADING).values_list("pk", flat=True))
    Import.objects.filter(pk__in=stuck).update(state=Import.State.RECEIVED, progress="")
    return stuck


__all__ = [
    "Upload",
    "commit_import",
    "discard_import",
    "import_now",
    "issues_of",
    "known_files",
    "preview_import",
    "read_import",
    "receive_files",
    "repair_imports",
]
