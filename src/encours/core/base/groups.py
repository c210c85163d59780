"""Who pays for whom: the payer of a customer, paying groups, and the part of a Book they own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.base.book import Book


def payers(customers: pl.DataFrame, links: pl.DataFrame) -> tuple[pl.DataFrame, list[list[str]]]:
    """The paying customer of each customer, and the cycles found.

    Returns a frame customer_id, payer_id (itself without a link; chains are followed) and every cycle of payer
    links as a list of ids. The members of a cycle pay for themselves.
    """
    rows = links.filter(pl.col("role") == "payer")
    pays: dict[str, str] = dict(zip(rows["customer_id"].to_list(), rows["other_id"].to_list(), strict=True))
    end: dict[str, str] = {}
    cycles: list[list[str]] = []
    for start in pays:
        path: list[str] = []
        seen: set[str] = set()
        here = start
        while here in pays and here not in end and here not in seen:
            seen.add(here)
            path.append(here)
            here = pays[here]
        if here in seen:
            loop = path[path.index(here) :]
            cycles.append(loop)
            end.update({member: member for member in loop})
        target = end.get(here, here)
        for member in path:
            end.setdefault(member, target)
    frame = customers.select("customer_id").unique(maintain_order=True)
    payer = pl.col("customer_id").replace_strict(end, default=pl.col("customer_id"), return_dtype=pl.String)
    return frame.with_columns(payer_id=payer), cycles


def paying_groups(customers: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """customer_id, group_id: the group is named by its paying customer."""
    return payers(customers, links)[0].rename({"payer_id": "group_id"})


def select_customers(book: Book, customer_ids: Iterable[str]) -> Book:
    """The rows of the Book that belong to `customer_ids`; entities and rates stay whole.

    Allocations follow their item, receipts the customer they stand on or the items they pay.
    """
    wanted = pl.Series("customer_id", list(customer_ids), dtype=pl.String)
    of_customer = pl.col("customer_id").is_in(wanted.implode())
    items = book.items.filter(of_customer)
    item_ids = items["item_id"].implode()
    of_item = pl.col("item_id").is_in(item_ids)
    allocations = book.allocations.filter(of_item)
    paid_by = allocations["receipt_id"].drop_nulls().unique().implode()
    receipts = book.receipts.filter(of_customer | pl.col("receipt_id").is_in(paid_by))
    instruments = book.instruments.filter(of_customer)
    subjects = pl.concat([wanted.rename("id"), items["item_id"].rename("id")]).implode()
    return book.replace(
        customers=book.customers.filter(of_customer),
        customer_links=book.customer_links.filter(of_customer),
        payer_aliases=book.payer_aliases.filter(of_customer),
        contacts=book.contacts.filter(of_customer),
        items=items,
        documents=book.documents.filter(of_item),
        receipts=receipts,
        statements=book.statements.filter(pl.col("statement_id").is_in(receipts["statement_id"].unique().implode())),
        allocations=allocations,
        instruments=instruments,
        instrument_items=book.instrument_items.filter(
            pl.col("instrument_id").is_in(instruments["instrument_id"].unique().implode())
        ),
        promises=book.promises.filter(of_customer),
        disputes=book.disputes.filter(of_item),
        orders=book.orders.filter(of_customer),
        touches=book.touches.filter(of_customer),
        events=book.events.filter(pl.col("subject_id").is_in(subjects)),
    )
