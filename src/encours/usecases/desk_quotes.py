"""What the text of a receipt quotes of the items beside it: their numbers, and what else leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from encours.core.matching.spans import apart, listed_spans, near_spans, quoted_spans, whole_spans
from encours.store.models import Instrument, InstrumentItem

#: What names an item beside its number.
REFERENCES = ("payment_reference", "order_ref", "purchase_order", "delivery_ref")
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Quotes:
    """`spans`: the places of the text to mark. `numbered`: items whose own number it quotes; `named`: those, and the
    ones that it names otherwise."""

    spans: Spans = field(default_factory=list)
    numbered: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


def desk_quotes(text: str, rows: Iterable[Mapping[str, Any]], proposed: Iterable[str]) -> Quotes:
    """Reads a text. `rows`: items with item_id, number and REFERENCES.

    Of proposed items it shows more of what led to them: lists that go on by the last digits, a digit misread, the
    number of a batch or of an instrument that they are in.
    """
    rows, wanted = list(rows), set(proposed)
    by_number = {row["item_id"]: quoted_spans(text, [row["number"]]) for row in rows}
    chief = quoted_spans(text, [row["number"] for row in rows])
    own = {item_id: set(spans) & set(chief) for item_id, spans in by_number.items()}
    other = {row["item_id"]: whole_spans(text, [row[name] for name in REFERENCES if row[name]]) for row in rows}
    batches = _batches(wanted) if text and wanted else {}
    for row in rows:
        item_id = row["item_id"]
        if item_id not in wanted:
            continue
        other[item_id] = other[item_id] + whole_spans(text, batches.get(item_id, ()))
        if not own[item_id]:
            listed = listed_spans(text, chief, [row["number"]])
            other[item_id] += listed or near_spans(text, [row["number"]])
    every = apart([*chief, *(span for spans in other.values() for span in spans)])
    named = {item_id for item_id, spans in other.items() if set(spans) & set(every)}
    numbered = frozenset(item_id for item_id, spans in own.items() if spans)
    return Quotes(every, numbered, numbered | named)


def _batches(item_ids: Iterable[str]) -> dict[str, list[str]]:
    """Item -> the numbers of the instruments that cover it and of the batches that these left in."""
    pairs = InstrumentItem.objects.filter(item_id__in=list(item_ids), is_current=True)
    covers = list(pairs.values_list("instrument_id", "item_id"))
    if not covers:
        return {}
    rows = Instrument.objects.filter(instrument_id__in={one for one, _ in covers}, is_current=True)
    batch = dict(rows.values_list("instrument_id", "batch_id"))
    found: dict[str, list[str]] = {}
    for instrument_id, item_id in covers:
        told = (instrument_id.partition(":")[2] or instrument_id, batch.get(instrument_id))
        found.setdefault(item_id, []).extend(one for one in told if one)
    return found
