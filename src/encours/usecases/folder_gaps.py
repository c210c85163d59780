"""What a book leaves out, so that its plan could not look at it: any table, any optional column may be absent."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import Issues

#: Tables of which each row holds something back or lets somebody be reached; an empty one may be the truth.
_HOLDING = ("disputes", "promises", "instruments", "events", "contacts")


def undated(book: Book) -> bool:
    """Whether no bank line says when it became known: files may have come days after what they tell."""
    bank = _bank_money(book)
    return bank.height > 0 and bank["known_on"].null_count() == bank.height


def _bank_money(book: Book) -> pl.DataFrame:
    return book.receipts.filter(pl.col("origin") == "bank")


def folder_gaps(book: Book) -> pl.DataFrame:
    """Issues: what the plan of a book could not look at, and what it did instead."""
    issues = Issues()
    if _bank_money(book).is_empty():
        issues.add(
            "no_bank_money", "there is no bank money: who has paid since the ledger's last day is not known",
            severity="warning", action="Add the bank's lines as `receipts`.", table="receipts",
        )  # fmt: skip
    elif book.statements.is_empty():
        issues.add(
            "no_statements", "there are no statements: a bank file that is missing shows by the silence of its account",
            severity="warning", action="Add `statements` with days and balances.", table="statements",
        )  # fmt: skip
    if undated(book):
        issues.add(
            "undated_money", "no bank line says when it became known: each holds reminders three working days longer",
            severity="info", action="Fill `known_on` of `receipts` with the day on which the file came.",
            table="receipts",
        )  # fmt: skip
    if book.receipts.height and book.allocations.is_empty():
        issues.add(
            "nothing_lettered", "nothing is lettered: how customers pay, and into which account, is not known",
            severity="warning", action="Add `allocations` of what was paid.", table="allocations",
        )  # fmt: skip
    if book.touches.is_empty():
        issues.add(
            "no_touches", "there are no touches: every item stands before its first step", severity="warning",
            action="Add what really left as `touches`; a plan writes those that it leaves behind when all is done.",
            table="touches",
        )  # fmt: skip
    absent = [name for name in _HOLDING if book.table(name).is_empty()]
    if absent:
        issues.add(
            "nothing_of", f"there are no {', '.join(absent)}: nothing is held because of them", severity="info",
            action="Add these tables where there are any.",
        )  # fmt: skip
    return issues.frame()
