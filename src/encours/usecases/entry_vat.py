"""The VAT of items as their own documents say it, and what of it earlier exports have moved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from encours.core.base.money import AmountError, to_minor
from encours.core.entries import EntryRules
from encours.core.entries.facts import TAXED
from encours.store.models import Document, EntryCover, EntryLine, ImportFile, Item

#: What a bookkeeper reads where the document has several rates.
_SEVERAL = "SELON FACTURE"
_RATES = (20.0, 10.0, 8.5, 5.5, 2.1, 0.0)


def with_vat(items: pl.DataFrame) -> pl.DataFrame:
    """Items with `vat` (minor units, signed like the item) and `vat_words`, where their e-invoice says it.

    An invoice of several due dates is one document: its VAT is shared over them by their amounts, to the cent.
    """
    papers = Document.objects.filter(is_current=True, kind="e_invoice", file_id__isnull=False)
    files = dict(papers.filter(item_id__in=items["item_id"].to_list()).values_list("item_id", "file_id"))
    facts = {row.pk: row.facts for row in ImportFile.objects.filter(pk__in=set(files.values()))} if files else {}
    paid_before = _before(items, papers.filter(file_id__in=set(files.values())).values_list("file_id", "item_id"))
    told: dict[str, tuple[int, str]] = {}
    for item in items.iter_rows(named=True):
        said = facts.get(files.get(item["item_id"]) or 0)
        found = _vat_of(item, said, paid_before.get(item["item_id"])) if isinstance(said, dict) else None
        if found is not None:
            told[item["item_id"]] = found
    item_id = pl.col("item_id")
    vat = item_id.replace_strict({one: vat for one, (vat, _) in told.items()}, default=None, return_dtype=pl.Int64)
    words = item_id.replace_strict({one: text for one, (_, text) in told.items()}, default=None, return_dtype=pl.String)
    return items.with_columns(vat=vat, vat_words=words)


def _before(items: pl.DataFrame, papers: Any) -> dict[str, tuple[int, int]]:
    """Item of a document with several due dates -> what the earlier ones come to, and all of them together."""
    if not items["part"].drop_nulls().len():
        return {}
    of_file: dict[int, list[str]] = {}
    for file_id, item_id in papers:
        of_file.setdefault(file_id, []).append(item_id)
    ids = [one for group in of_file.values() for one in group]
    rows = {row.item_id: row for row in Item.objects.filter(item_id__in=ids, is_current=True)}
    found = {}
    for group in of_file.values():
        parts = sorted((rows[one] for one in group if one in rows), key=lambda row: (row.due_on, row.item_id))
        whole, before = sum(row.amount for row in parts), 0
        for row in parts:
            found[row.item_id] = (before, whole)
            before += row.amount
    return found


def _vat_of(
    item: Mapping[str, Any], said: Mapping[str, object], parts: tuple[int, int] | None
) -> tuple[int, str] | None:
    """The item's VAT and its rate in words; None where the document does not say it, or speaks of another amount."""
    try:
        total, tax = (Decimal(str(said[name])) for name in ("total", "tax"))
        document, vat = (abs(to_minor(value, item["currency"])) for value in (total, tax))
    except (KeyError, InvalidOperation, AmountError):
        return None
    before, whole = parts or (0, item["amount"])
    # Where the ledger's amount is not the document's its VAT may be another one, too.
    if not 0 <= vat < document or abs(whole) != document or said.get("currency") != item["currency"]:
        return None
    signed = vat if whole > 0 else -vat
    share = _rounded(signed, before + item["amount"], whole) - _rounded(signed, before, whole)
    rate = float(100 * tax / (total - tax))
    known = next((one for one in _RATES if abs(one - rate) < 0.05), None)
    return share, f"{known:g} %" if known is not None else _SEVERAL


def _rounded(vat: int, part: int, whole: int) -> int:
    size = (2 * abs(vat * part) + abs(whole)) // (2 * abs(whole))
    return size if (vat * part >= 0) == (whole > 0) else -size


def taxed_before(items: pl.DataFrame, rules: Mapping[str, EntryRules]) -> pl.DataFrame:
    """What of these items earlier exports have settled together with its VAT: columns of TAXED.

    Counter-entries count against what they took back.
    """
    ids = items["item_id"].to_list()
    lines: dict[tuple[str, str], list[int]] = {}
    rows = EntryLine.objects.filter(item_id__in=ids, role="vat", batch__export__recalled_at=None)
    for item_id, main, net in rows.values_list("item_id", "main", "net"):
        lines.setdefault((item_id, main), []).append(net)
    if not lines:
        return pl.DataFrame(schema=TAXED)
    rule_of = {item_id: rules[entity_id] for item_id, entity_id in items.select("item_id", "entity_id").iter_rows()}
    worth = dict.fromkeys(lines, 0)
    covers = EntryCover.objects.filter(piece__in={main for _, main in lines}, batch__export__recalled_at=None)
    for item_id, piece, kind, value in covers.values_list("item_id", "piece", "kind", "worth"):
        if piece is not None and (item_id, piece) in worth and _bears_vat(kind, value, rule_of[item_id]):
            worth[item_id, piece] += value
    sums: dict[str, tuple[int, int]] = {}
    for (item_id, main), nets in lines.items():
        value = worth[item_id, main]
        taxed, vat = sums.get(item_id, (0, 0))
        sums[item_id] = (taxed + value, vat + sum(net for net in nets if net * value > 0))
    return pl.DataFrame([(one, *pair) for one, pair in sums.items()], schema=TAXED, orient="row")


def _bears_vat(kind: str, value: int, rules: EntryRules) -> bool:
    """Whether such a settlement takes its VAT with it."""
    if kind == "write_off":
        return rules.loss_vat and abs(value) > rules.small_max
    return rules.receipts_vat if kind == "cash" else rules.discount_vat if kind == "discount" else False
