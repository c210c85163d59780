"""The VAT of items as their own documents say it, and what of it earlier exports have moved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from encours.core.base.money import AmountError, to_minor
from encours.core.base.numbers import number_key
from encours.core.entries import EntryRules
from encours.core.entries.facts import TAXED
from encours.store.models import Document, EntryCover, EntryLine, ImportFile, Item

#: What a bookkeeper reads where the document has several rates.
_SEVERAL = "SELON FACTURE"
_RATES = (20.0, 10.0, 8.5, 5.5, 2.1, 0.0)


def with_vat(items: pl.DataFrame) -> pl.DataFrame:
    """Items with `vat` (minor units, signed like the item) and `vat_words`, where their e-invoice says it.

    An invoice of several due dates is one document: its VAT is shared over them by their amounts, to the cent. An
    e-invoice inside an archive keeps no figures of its own: there the entity's rate stands in.
    """
    papers = Document.objects.filter(is_current=True, kind="e_invoice")
    digests = dict(papers.filter(item_id__in=items["item_id"].to_list()).values_list("item_id", "sha256"))
    files = ImportFile.objects.filter(sha256__in=set(digests.values()), connector="einvoice").order_by("pk")
    facts = dict(files.values_list("sha256", "facts")) if digests else {}
    paid_before = _before(items) if facts else {}
    told: dict[str, tuple[int, str]] = {}
    for item in items.iter_rows(named=True):
        said = facts.get(digests.get(item["item_id"], ""))
        found = _vat_of(item, said, paid_before.get(item["item_id"])) if isinstance(said, dict) else None
        if found is not None:
            told[item["item_id"]] = found
    item_id = pl.col("item_id")
    vat = item_id.replace_strict({one: vat for one, (vat, _) in told.items()}, default=None, return_dtype=pl.Int64)
    words = item_id.replace_strict({one: text for one, (_, text) in told.items()}, default=None, return_dtype=pl.String)
    return items.with_columns(vat=vat, vat_words=words)


def _before(items: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Item of an invoice with several due dates -> what the earlier ones come to, and all of them together."""
    numbers = items.filter(pl.col("part").is_not_null())["number"].unique().to_list()
    rows = Item.objects.filter(number_key__in=[_key(one) for one in numbers], is_current=True, part__isnull=False)
    invoices: dict[tuple[str, str], list[Item]] = {}
    for row in rows if numbers else ():
        invoices.setdefault((row.customer_id, row.number), []).append(row)
    found = {}
    for group in invoices.values():
        before, whole = 0, sum(row.amount for row in group)
        for row in sorted(group, key=lambda one: (one.due_on, one.item_id)):
            found[row.item_id] = (before, whole)
            before += row.amount
    return found


def _key(number: str) -> str:
    return str(pl.select(number_key(pl.lit(number))).item())


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
    rule_of = {item_id: rules[entity_id] for item_id, entity_id in items.select("item_id", "entity_id").iter_rows()}
    covers = EntryCover.objects.filter(item_id__in=ids, piece__isnull=False, batch__export__recalled_at=None)
    told = list(covers.exclude(batch__mode="letters").values_list("item_id", "piece", "kind", "worth"))
    rows = EntryLine.objects.filter(main__in={piece for _, piece, _, _ in told}, batch__export__recalled_at=None)
    # Money that the ERP had booked itself bore its VAT there.
    booked = set(rows.filter(role="transfer").values_list("main", flat=True)) if told else set()
    worth: dict[tuple[str, str], int] = {}
    for item_id, piece, kind, value in told:
        if piece is not None and piece not in booked and _bears_vat(kind, value, rule_of[item_id]):
            worth[item_id, piece] = worth.get((item_id, piece), 0) + value
    sums = {item_id: [0, 0] for item_id, _ in worth}
    for (item_id, _), value in worth.items():
        sums[item_id][0] += value
    if worth:
        for item_id, main, net in rows.filter(role="vat").values_list("item_id", "main", "net"):
            if net * worth.get((item_id, main), 0) > 0:
                sums[item_id][1] += net
    return pl.DataFrame([(one, *pair) for one, pair in sums.items()], schema=TAXED, orient="row")


def _bears_vat(kind: str, value: int, rules: EntryRules) -> bool:
    """Whether such a settlement takes its VAT with it."""
    if kind == "write_off":
        return rules.loss_vat and abs(value) > rules.small_max
    return rules.receipts_vat if kind == "cash" else rules.discount_vat if kind == "discount" else False
