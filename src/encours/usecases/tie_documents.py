"""Ties printed invoices to items by the numbers in their names and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from encours.core.base.issue import Issues
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES

#: Shorter numbers turn up in any text: only a file's name may tie by them, and then whole.
_CHARACTERS_MIN = 4


def tie_documents(
    items: pl.DataFrame, printed: Iterable[Mapping[str, Any]], entity_id: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(documents, issues): the Book's rows of kind `invoice` for files whose number is one item's.

    `items`: item_id, entity_id, number. `printed`: path, sha256, candidates in order of trust (fact `documents` of the
    connector invoice_pdf). `entity_id` narrows the items. The parts of one number share the document. A file without
    an item, or with items of several customers or numbers for its best candidate, is an issue and ties nothing.
    """
    issues = Issues()
    rows: list[dict[str, object]] = []
    scope = items if entity_id is None else items.filter(pl.col("entity_id") == entity_id)
    keyed = scope.select("item_id", "customer_id", key=number_key(pl.col("number")))
    by_key: dict[str, list[tuple[str, str]]] = {}
    for item_id, customer_id, key in keyed.filter(pl.col("key").str.len_bytes() >= _CHARACTERS_MIN).iter_rows():
        by_key.setdefault(key, []).append((item_id, customer_id))
    for document in printed:
        best = next((key for key in document["candidates"] if key in by_key), None)
        found = by_key.get(best or "", [])
        issues.file = str(document["path"])
        if not found:
            issues.add(
                "document_untied",
                "no item bears a number of the file's name or text",
                severity="warning",
                action="Name the file after its invoice, or import the invoices first.",
            )
        elif len({customer for _, customer in found}) > 1:
            issues.add(
                "document_ambiguous",
                f"number {best} stands on {len(found)} items of several customers",
                severity="warning",
                action="Tie the document by hand.",
            )
        else:
            rows += [_row(item_id, document) for item_id, _ in found]
    documents = pl.DataFrame(rows, schema={**{name: pl.String() for name in _COLUMNS}})
    return TABLES["documents"].conform(
        documents.unique("document_id", keep="first", maintain_order=True)
    ), issues.frame()


_COLUMNS = ("document_id", "item_id", "kind", "path", "sha256")


def _row(item_id: str, document: Mapping[str, Any]) -> dict[str, object]:
    digest = str(document["sha256"])
    return {
        "document_id": f"{item_id}:pdf:{digest[:12]}",
        "item_id": item_id,
        "kind": "invoice",
        "path": str(document["path"]),
        "sha256": digest,
    }
