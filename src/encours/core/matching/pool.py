"""Items as parallel arrays, sorted by customer and due date: what the search reads, and what it has given away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book
from encours.core.base.rows import rows_at
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.matching.references.bytes import Texts
from encours.core.matching.references.keys import read_numbers
from encours.core.matching.scope import Scope

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: Columns of the Book's items that the search reads, beside the dates that say when they were known.
_READ = (
    "item_id", "entity_id", "customer_id", "number", "order_ref", "purchase_order", "delivery_ref", "payment_reference",
    "currency", "open", "due_on", "discount_amount", "discount_on", "known_on",
)  # fmt: skip
#: A day that never comes, and one that always was (days since 1970).
NEVER, ALWAYS = 2**30, -(2**30)
#: Days further apart are numbered by their rank: three thousand years.
_FAR = 2**20


class Pool(NamedTuple):
    """One place an item, ordered by customer, open ones first, due date, issue date and id. Money in minor units.

    `open` on the day of the run; `taken`, `held`: what this run posts or proposes of it (both change while it runs),
    `owner` the receipt that took or holds it last (−1: none). `known`, `changed`: the day the item became known, and
    the last day on which an allocation of the book touched it. `discount`, `discount_until`: cash discount offered.
    `digits`, `digits_size`: the digits of its number as a number (the last 18) and how many there are; `weak`: the
    number is so short, or so like a year, that it turns up in any text; `plain`: it has no letters. By
    customer:
    `start[c]` to `open_end[c]` are the places of the open items, `family_first[c]` to `family_last[c]` (without) the
    customers that belong together with c.
    """

    open: Int64
    taken: Int64
    held: Int64
    owner: Int32
    due: Int32
    issued: Int32
    known: Int32
    changed: Int32
    discount: Int64
    discount_until: Int32
    digits: Int64
    digits_size: Int8
    weak: npt.NDArray[np.bool_]
    plain: npt.NDArray[np.bool_]
    customer: Int32
    entity: Int32
    currency: Int32
    group: Int32
    start: Int64
    open_end: Int64
    family_first: Int32
    family_last: Int32


def days_of(column: pl.Expr, default: int) -> pl.Expr:
    """A date as days since 1970, null as `default`."""
    return column.cast(pl.Int32).fill_null(default)


def make_items(book: Book, known: Book, scope: Scope, as_of: date, reopened: Collection[str] = ()) -> pl.DataFrame:
    """The items of a book on a day in the order of the pool.

    `book` holds all versions, `known` one row an id. Columns: item_id, number, order_ref, purchase_order, delivery_ref,
    payment_reference, dated_on, live, and the arrays of Pool by their names. `reopened`: items that a returned payment
    opens again in this run; they stand among the open ones.
    """
    table = TABLES["items"]
    known_on = known_on_expr(table)
    told = known.open_items().select(*_READ, *table.dated_by)
    if known.items.height == book.items.height:  # each id has one version
        told = told.with_columns(known=known_on)
    else:
        first_known = book.items.group_by("item_id").agg(known=known_on.min())
        told = told.with_columns(_beside(told, "item_id", first_known))
    people = scope.customers.select("customer_id", "customer", "group")
    told = told.with_columns(_beside(told, "customer_id", people))
    told = told.with_columns(_beside(told, "item_id", _touched(book, as_of)))
    coded = told.lazy().select(
        "item_id",
        "number",
        "order_ref",
        "purchase_order",
        "delivery_ref",
        "payment_reference",
        "open",
        "customer",
        "group",
        live=(pl.col("open") != 0) | pl.col("item_id").is_in(list(reopened)),
        dated_on=pl.coalesce(list(table.dated_by)),
        due=days_of(pl.col("due_on"), ALWAYS),
        issued=days_of(pl.col("issued_on"), ALWAYS),
        known=days_of(pl.col("known"), ALWAYS),
        changed=days_of(pl.col("changed"), ALWAYS),
        discount=pl.col("discount_amount").fill_null(0),
        discount_until=days_of(pl.col("discount_on"), ALWAYS),
        entity=scope.entity_code(pl.col("entity_id")),
        currency=scope.currency_code(pl.col("currency")),
    )
    items = coded.collect()
    return rows_at(items, pl.Series(_in_order(items), dtype=pl.UInt32))


def _in_order(items: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The rows by customer, open ones first, due date, issue date and id. Ids are compared where all else is alike:
    to sort millions of items by text takes four times as long."""
    key = _key(items)
    order: npt.NDArray[np.int64] = np.argsort(key)
    alike = key[order[1:]] == key[order[:-1]]  # as the row before
    tied = np.flatnonzero(np.append(alike, False) | np.append(False, alike))
    rows = pl.Series("row", order[tied], dtype=pl.UInt32)
    told = rows_at(items.select("item_id"), rows).with_columns(rows, group=np.append(0, np.cumsum(~alike))[tied])
    order[tied] = told.sort("group", "item_id")["row"].to_numpy()
    return order


def _key(items: pl.DataFrame) -> Int64:
    """Customer, whether open, due and issue date as one number: that is sorted in a fraction of the time of four."""
    key: Int64 = np.where(items["live"].to_numpy(), 0, 1) + 2 * items["customer"].cast(pl.Int64).to_numpy()
    for name in ("due", "issued"):
        days = _from_one(items[name].to_numpy())
        key = key * (days.max(initial=0) + 1) + days
    return key


def _from_one(days: Int32) -> Int64:
    """Days counted from the first of them, which is 1; what always was is 0."""
    told = days > ALWAYS
    first, last = days.min(initial=NEVER, where=told), days.max(initial=ALWAYS, where=told)
    if int(last) - int(first) >= _FAR:
        ranks: Int64 = np.unique(days, return_inverse=True)[1]
        return ranks
    return np.where(told, days.astype(np.int64) - first + 1, 0)


def _beside(rows: pl.DataFrame, key: str, known: pl.DataFrame) -> pl.DataFrame:
    """What is known of each row's key. Only the key is joined: a join copies every column it is given."""
    return rows.select(key).join(known, on=key, how="left", maintain_order="left").drop(key)


def _touched(book: Book, as_of: date) -> pl.DataFrame:
    """item_id, changed: the last day until `as_of` on which a known allocation, credit or reversal touched an item."""
    table = TABLES["allocations"]
    rows = book.allocations.filter((known_on_expr(table) <= as_of).fill_null(True))
    reversed_on = pl.when(pl.col("reversed_on") <= as_of).then("reversed_on")
    day = pl.max_horizontal("allocated_on", "known_on", reversed_on)
    taken = rows.select("item_id", changed=day)
    given = rows.filter(pl.col("credit_item_id").is_not_null()).select(item_id="credit_item_id", changed=day)
    return pl.concat([taken, given]).group_by("item_id").agg(pl.col("changed").max())


def make_pool(items: pl.DataFrame, numbers: Texts, scope: Scope) -> Pool:
    """The arrays of `make_items`, whose numbers are `numbers`; nothing is given away yet."""
    digits, digits_size, weak, plain = read_numbers(numbers)
    customer = _array(items, "customer", np.int32)
    count = scope.customers.height
    is_open = _array(items, "live", np.bool_)
    start = np.searchsorted(customer, np.arange(count + 1)).astype(np.int64)
    opens = np.bincount(customer[is_open], minlength=count).astype(np.int64)
    return Pool(
        open=_array(items, "open", np.int64),
        taken=np.zeros(items.height, dtype=np.int64),
        held=np.zeros(items.height, dtype=np.int64),
        owner=np.full(items.height, -1, dtype=np.int32),
        due=_array(items, "due", np.int32),
        issued=_array(items, "issued", np.int32),
        known=_array(items, "known", np.int32),
        changed=_array(items, "changed", np.int32),
        discount=_array(items, "discount", np.int64),
        discount_until=_array(items, "discount_until", np.int32),
        digits=digits,
        digits_size=digits_size,
        weak=weak,
        plain=plain,
        customer=customer,
        entity=_array(items, "entity", np.int32),
        currency=_array(items, "currency", np.int32),
        group=_array(items, "group", np.int32),
        start=start,
        open_end=start[:-1] + opens,
        family_first=_array(scope.customers, "family_first", np.int32),
        family_last=_array(scope.customers, "family_last", np.int32),
    )


def _array(frame: pl.DataFrame, name: str, dtype: type[Any]) -> npt.NDArray[Any]:
    """A column as a contiguous array of its own: the search writes into some of them."""
    return np.array(frame[name].to_numpy(), dtype=dtype, order="C")


def day_number(day: date) -> int:
    """A date as days since 1970."""
    return (day - date(1970, 1, 1)).days
