"""The columns of a sheet: proposed, corrected once by a person, kept for the next file with the same headings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db import transaction

from encours.connectors.base.contract import Source
from encours.connectors.sheet.detect import find_header
from encours.connectors.sheet.grid import UnreadableSheetError, read_grid
from encours.connectors.sheet.kind import kinds
from encours.connectors.sheet.mapping import Mapping, normal_heading
from encours.connectors.sheet.propose import ColumnProposal, propose_mapping
from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Import, ImportFile, SourceProfile
from encours.usecases import clock
from encours.usecases.rights import require
from encours.usecases.viewing import Viewing

CHOSEN = "chosen_mapping"
_SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
_LARGEST_BYTES = 64_000_000


@dataclass(frozen=True)
class MappingPage:
    """What the editor shows: columns with their samples and fields, what is missing, the first rows as read."""

    import_id: int
    file_id: int
    file_name: str
    kind: str
    mapping: Mapping | None
    confidence: float
    columns: list[ColumnProposal]
    fields: list[str]
    kinds: dict[str, str]
    missing: list[str]
    preview_names: list[str]
    preview: list[dict[str, Any]]
    issues: list[dict[str, Any]]
    saved: bool


def mapping_from_form(kind: str, draft: Dict[str, str], before: Mapping | None) -> Mapping | None:
    """The mapping of an editor's form (`field-<index>`, `format-<index>`, currency, sign…); None without a kind.

    Headings come from the mapping or proposal before. Raises CallError listing every fault.
    """
    if kind not in kinds():
        return None
    known = {column.index: column.heading for column in before.columns} if before else {}
    columns = []
    for name, field_name in draft.items():
        if name.startswith("field-") and field_name and name[6:].isdecimal():
            index = int(name[6:])
            heading = draft.get(f"heading-{index}") or known.get(index)
            form = draft.get(f"format-{index}") or "auto"
            columns.append({"index": index, "heading": heading, "field": field_name, "format": form})
    row = draft.get("header_row", "")
    return Mapping.from_json(
        {
            "kind": kind,
            "columns": columns,
            "header_row": int(row) if row.isdecimal() and int(row) > 0 else None,
            "sheet": draft.get("sheet") or (before.sheet if before else None),
            "currency": (draft.get("currency") or "").strip().upper() or None,
            "sign": draft.get("sign") or "as_is",
            "account": (draft.get("account") or "").strip() or None,
            "as_of": draft.get("as_of") or None,
            "opening_items": draft.get("opening_items") == "on",
        }
    )


def show_mapping(
    viewing: Viewing, import_id: int, file_id: int, draft: Dict[str, str] | None = None
) -> MappingPage | None:
    """The editor of one file; with `draft`, as the person has changed it. None for a file that is not theirs."""
    file = _file(viewing, import_id, file_id)
    if file is None:
        return None
    source = _source(file)
    chosen = file.facts.get(CHOSEN) or file.facts.get("mapping")
    mapping = Mapping.from_json(chosen) if chosen else None
    if draft is not None:
        kind = draft.get("kind", "")
        # Another kind means other fields: its own proposal replaces the columns chosen for the former one.
        same = draft.get("kind_before") == kind
        named = any(value for name, value in draft.items() if name.startswith("field-"))
        mapping = mapping_from_form(kind, draft, mapping) if same and named else None
        proposal = propose_mapping(source, kind=kind or None, mapping=mapping)
    else:
        proposal = propose_mapping(source, mapping=mapping)
    kind = proposal.mapping.kind if proposal.mapping else (draft or {}).get("kind", "")
    return MappingPage(
        import_id=import_id,
        file_id=file_id,
        file_name=file.name,
        kind=kind,
        mapping=proposal.mapping,
        confidence=proposal.confidence,
        columns=list(proposal.columns),
        # A kind that a person chose has its fields before any column was recognised.
        fields=list(proposal.fields or (kinds()[kind].fields if kind in kinds() else ())),
        kinds=dict(proposal.kinds),
        missing=[name for name in proposal.missing if name != "kind" or not kind],
        preview_names=[name for name in proposal.preview.columns if name != "line"],
        preview=_shown(proposal.preview),
        issues=proposal.issues.head(20).to_dicts(),
        saved=CHOSEN in file.facts,
    )


def save_mapping(viewing: Viewing, import_id: int, file_id: int, draft: Dict[str, str], name: str = "") -> None:
    """Keeps the mapping for this file and, by its headings, for the next ones of the same source.

    Raises NotAllowedError, or CallError listing every fault.
    """
    file = _file(viewing, import_id, file_id)
    if file is None:
        raise CallError(["there is no such file"])
    require(viewing.actor, "import_files", file.owner.entity_id)
    chosen = file.facts.get(CHOSEN) or file.facts.get("mapping")
    mapping = mapping_from_form(draft.get("kind", ""), draft, Mapping.from_json(chosen) if chosen else None)
    if mapping is None:
        raise CallError(["choose what the file holds"])
    if not mapping.columns:
        raise CallError(["choose at least one column"])
    fingerprint = _fingerprint(_source(file)) or ""
    with transaction.atomic():
        file.facts = {**file.facts, CHOSEN: mapping.to_json()}
        file.save(update_fields=["facts"])
        title = (name.strip() or f"{mapping.kind} {Path(file.name).stem}")[:100]
        found = SourceProfile.objects.filter(entity_id=file.owner.entity_id, fingerprint=fingerprint).first()
        profile = found or SourceProfile(entity_id=file.owner.entity_id, fingerprint=fingerprint)
        taken = SourceProfile.objects.filter(entity_id=file.owner.entity_id, name=title).exclude(pk=profile.pk)
        profile.name = f"{title} {fingerprint[:6]}" if taken.exists() else title
        profile.connector, profile.mapping = "sheet", mapping.to_json()
        profile.save()
        audit.append(
            clock.now(),
            viewing.actor.name,
            "save_mapping",
            entity_id=file.owner.entity_id or "",
            subject=f"source:{profile.pk}",
            after={"kind": mapping.kind, "columns": len(mapping.columns)},
        )


def saved_mappings(owner: Import) -> dict[str, dict[str, Any]]:
    """File name -> the mapping that a person chose for it, or for an earlier file with the same headings."""
    files = list(owner.files.all())
    found = {file.name: file.facts[CHOSEN] for file in files if CHOSEN in file.facts}
    profiles = SourceProfile.objects.filter(entity_id=owner.entity_id, mapping__isnull=False).exclude(fingerprint="")
    known = {profile.fingerprint: profile.mapping for profile in profiles}
    for file in files if known else ():
        small_sheet = file.name.lower().endswith(_SHEETS) and file.size <= _LARGEST_BYTES
        if file.name not in found and small_sheet:
            mapping = known.get(_fingerprint(_source(file)) or "-")
            if mapping:
                found[file.name] = mapping
    return found


def _file(viewing: Viewing, import_id: int, file_id: int) -> ImportFile | None:
    viewing = viewing.every_entity()
    file = ImportFile.objects.select_related("owner").filter(pk=file_id, owner_id=import_id).first()
    if file is None:
        return None
    if file.owner.entity_id is None:  # not yet anybody's: only whoever brought it sees it
        return file if viewing.actor.user is not None and file.owner.user_id == viewing.actor.user.pk else None
    return file if viewing.rows(Import).filter(pk=import_id).exists() else None


def _source(file: ImportFile) -> Source:
    return Source(Path(settings.HOME) / file.path, file.name)


def _fingerprint(source: Source) -> str | None:
    """A digest of the headings, whatever their order of case and accents; None for what is no sheet with headings."""
    try:
        grid = read_grid(source.path)
    except (UnreadableSheetError, OSError):
        return None
    top = grid.top()
    header = find_header(top)
    if header is None:
        return None
    headings = "|".join(normal_heading(cell) for cell in top[header])
    return hashlib.sha256(headings.encode()).hexdigest()


def _shown(preview: pl.DataFrame) -> list[dict[str, Any]]:
    return preview.head(10).to_dicts() if preview.width else []
