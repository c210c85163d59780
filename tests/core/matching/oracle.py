"""Proof by number and amount the slow way: every receipt against every item, character by character."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from encours.core.base.book import Book


@dataclass(frozen=True)
class Answer:
    """What the exact rule must say of one receipt: the items it proposes, and whether nothing speaks against it."""

    items: frozenset[str]
    clear: bool


def key_of(text: str) -> str:
    """Letters and digits of a text, upper case."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if character.isascii() and character.isalnum())


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(c if c.isascii() and c.isalnum() else " " for c in folded)
    return plain.split()


def quoted_keys(text: str, known: set[str]) -> tuple[set[str], bool]:
    """The known keys that whole words of a text spell, longest first; and whether two of them share words."""
    words = _words(text)
    places = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + 6, len(words)) + 1):
            key = "".join(words[start:end])
            if key in known and any(character.isdigit() for character in key):
                places.append((start, end, key))
    outer = [place for place in places if not any(o != place and o[0] <= place[0] and place[1] <= o[1] for o in places)]
    crossed = any(a != b and a[0] < b[1] and b[0] < a[1] for a in outer for b in outer)
    return {key for _, _, key in outer}, crossed


def answers(book: Book, as_of: date) -> dict[str, Answer]:
    """receipt_id -> answer, for each receipt whose quoted items' open amounts sum exactly to its money.

    Receipts that compete for an item are not looked at here: the caller checks those by their own property.
    """
    known = book.as_of(as_of)
    opens = {row["item_id"]: row for row in known.open_items().iter_rows(named=True)}
    found = {}
    for receipt in known.unapplied_receipts().iter_rows(named=True):
        if not receipt["unapplied"] or not receipt["remittance"] or receipt["kind"] == "return":
            continue
        scope = [r for r in opens.values() if r["entity_id"] == receipt["entity_id"] and key_of(r["number"])]
        keys, crossed = quoted_keys(receipt["remittance"], {key_of(row["number"]) for row in scope})
        cited = [r for r in scope if key_of(r["number"]) in keys and r["currency"] == receipt["currency"]]
        alive = [row for row in cited if row["open"]]
        if not alive or sum(row["open"] for row in alive) != receipt["unapplied"]:
            continue
        numbers = [key_of(row["number"]) for row in cited]
        weak = all(len(key) < 4 or (len(key) == 4 and key.isdigit() and key[:2] in ("19", "20")) for key in numbers)
        cents = str(abs(receipt["amount"]))
        clear = (
            not crossed
            and not weak
            and len(cited) == len(alive)
            and len(set(numbers)) == len(numbers)
            and len({row["customer_id"] for row in cited}) == 1
            and receipt["customer_id"] in (None, cited[0]["customer_id"])
            and receipt["unapplied"] == receipt["amount"]
            and all((row["posted_on"] or row["issued_on"]) <= receipt["booked_on"] for row in cited)
            and not any(cents in (key, f"{key}00") for key in numbers)
        )
        found[receipt["receipt_id"]] = Answer(frozenset(row["item_id"] for row in alive), clear)
    return found


def is_proven(book: Book, as_of: date, receipt_id: str, item_ids: set[str]) -> bool:
    """Whether a receipt may post these items by itself: the weakest statement that must hold of every posting.

    Each item is written in the text, by its number, its digits or its last four or more digits; together they are open
    for exactly the receipt's money; they were known and belong to one customer of the receipt's entity and currency.
    """
    known = book.as_of(as_of)
    (receipt,) = (row for row in known.unapplied_receipts().iter_rows(named=True) if row["receipt_id"] == receipt_id)
    paid = [row for row in known.open_items().iter_rows(named=True) if row["item_id"] in item_ids]
    said = key_of(receipt["remittance"] or "")
    return (
        len(paid) == len(item_ids) > 0
        and all(row["open"] for row in paid)
        and sum(row["open"] for row in paid) == receipt["unapplied"] == receipt["amount"]
        and len({row["customer_id"] for row in paid}) == 1
        and receipt["customer_id"] in (None, paid[0]["customer_id"])
        and all(row["entity_id"] == receipt["entity_id"] and row["currency"] == receipt["currency"] for row in paid)
        and all((row["posted_on"] or row["issued_on"]) <= receipt["booked_on"] for row in paid)
        and all(_is_written(key_of(row["number"]), said) for row in paid)
    )


def _is_written(number: str, said: str) -> bool:
    digits = "".join(character for character in number if character.isdigit())
    return number in said or (len(digits) >= 4 and (digits in said or digits[-4:] in said))
