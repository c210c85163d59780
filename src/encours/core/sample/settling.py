"""Receivable lines of receipts, advances and losses in the ledger, and what they are lettered with."""

from __future__ import annotations

import polars as pl

from encours.core.sample import book as telling
from encours.core.sample.entries import DEDUCTIONS, SUSPENSE, VAT_OUT, Books


def with_lines(
    allocations: pl.DataFrame, items: pl.DataFrame, moved: pl.DataFrame, drafts: pl.DataFrame, receipts: pl.DataFrame
) -> pl.DataFrame:
    """Lettered allocations with the receivable line (account, node) that each settles on its day."""
    rows = allocations.filter("lettered").join(
        items.select(item_row="item", customer="customer", base="account", base_node="node", piece="piece"),
        on="item_row",
        how="left",
        maintain_order="left",
    )
    rows = rows.join(moved.rename({"item": "item_row"}), on="item_row", how="left", maintain_order="left")
    rows = rows.join(drafts.rename({"item": "item_row"}), on="item_row", how="left", maintain_order="left")
    rows = rows.join(
        receipts.filter(pl.col("row") >= 0).select("receipt_id", "row", paid_as="kind", paid_on="booked_on"),
        on="receipt_id",
        how="left",
        maintain_order="left",
    )
    day = pl.col("allocated_on").cast(pl.Date)
    in_doubt = (day >= pl.col("doubtful_on")).fill_null(False)
    by_draft = (pl.col("paid_as") == "draft").fill_null(False) & pl.col("draft_node").is_not_null()
    again = pl.col("again").is_not_null() & (day >= pl.col("came_back_on"))
    return rows.with_columns(
        day=day,
        account=pl.when(by_draft).then(pl.lit("413000")).when(in_doubt).then(pl.lit("416000")).otherwise("base"),
        item_node=pl.when(by_draft)
        .then("draft_node")
        .when(in_doubt)
        .then("doubtful_node")
        .when(again)
        .then("again")
        .otherwise("base_node"),
        later=(day > pl.col("paid_on")).fill_null(False),
    )


def credit_lines(books: Books, rows: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """What bank entries credit: row, customer, account, amount, piece, label, node; letters them with the items.

    Money without an allocation is credited to the customer it is booked on (4191 for an advance), else to 471.
    """
    now = rows.filter(pl.col("row").is_not_null() & ~pl.col("later"))
    groups = now.group_by("row", "customer", "account", maintain_order=True).agg(
        pl.col("amount").sum(), pl.col("piece").first(), count=pl.len()
    )
    groups = groups.with_columns(
        node=books.take(groups.height),
        label=pl.when(pl.col("count") > 1)
        .then(pl.format("Règlement {} factures", "count"))
        .otherwise(pl.format("Règlement {}", "piece")),
    )
    tied = now.join(groups.select("row", "customer", "account", "node"), on=["row", "customer", "account"], how="left")
    books.tie(tied.sort("allocation_id"), "item_node", "node", "known_on", "reversed_on")
    cuts = now.filter(pl.col("kind") != "cash")
    taken = cuts.group_by("row", "kind", maintain_order=True).agg(pl.col("amount").sum())
    other = taken.with_columns(
        customer=pl.lit(-1, dtype=pl.Int64),
        account=pl.col("kind").replace_strict(DEDUCTIONS),
        amount=-pl.col("amount"),
        label=pl.col("kind").replace_strict(
            {"discount": "Escompte accordé", "charge": "Frais bancaires", "write_off": "Écart de règlement"}
        ),
        node=pl.lit(-1, dtype=pl.Int64),
        piece=pl.lit(None, dtype=pl.String),
    )
    free = _free_money(books, now, groups, receipts)
    columns = ["row", "customer", "account", "amount", "piece", "label", "node"]
    lines = pl.concat([groups.select(columns), other.select(columns), free.select(columns)])
    _returns(books, lines, receipts)
    return lines


def _free_money(books: Books, now: pl.DataFrame, groups: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """What no allocation uses: on the account of the customer it is booked on, else on the suspense account."""
    applied = now.filter(pl.col("kind") == "cash").group_by("row").agg(applied=pl.col("amount").sum())
    free = receipts.filter(pl.col("row") >= 0).join(applied, on="row", how="left", maintain_order="left")
    free = free.with_columns(amount=pl.col("amount") - pl.col("applied").fill_null(0)).filter(pl.col("amount") != 0)
    # What the bank takes back goes to the account that it was credited to, be it another one of the payer's group.
    credited = groups.unique("row", keep="first", maintain_order=True).join(
        receipts.select("row", returns_receipt_id="receipt_id"), on="row"
    )
    free = free.join(
        credited.select("returns_receipt_id", credited="customer"),
        on="returns_receipt_id",
        how="left",
        maintain_order="left",
    )
    taken_back = pl.when(pl.col("kind") == "return").then("credited")
    owner = pl.when(pl.col("customer_id").is_null()).then(pl.lit(-1)).otherwise(pl.coalesce(taken_back, "payer_row"))
    return free.with_columns(
        customer=owner.cast(pl.Int64),
        account=pl.when(pl.col("customer_id").is_null())
        .then(pl.lit(SUSPENSE))
        .otherwise(pl.coalesce("ledger_account", pl.lit("411000"))),
        piece=pl.col("receipt_id").str.slice(10),
        label=pl.coalesce(pl.format("Règlement {}", "name"), pl.lit("Règlement à identifier")),
        node=books.take(free.height),
    )


def _returns(books: Books, lines: pl.DataFrame, receipts: pl.DataFrame) -> None:
    """A returned or repaid receipt is lettered with the line that takes it back."""
    rows = receipts.filter(pl.col("row") >= 0)
    back = rows.filter(pl.col("returns_receipt_id").is_not_null()).select(
        "row", origin="returns_receipt_id", on="booked_on"
    )
    back = back.join(rows.select(origin="receipt_id", origin_row="row"), on="origin")
    nodes = lines.filter((pl.col("node") >= 0) & (pl.col("customer") >= 0)).unique(
        "row", keep="first", maintain_order=True
    )
    tied = back.join(nodes.select("row", "node"), on="row").join(
        nodes.select(origin_row="row", origin_node="node"), on="origin_row"
    )
    books.tie(tied.sort("row"), "node", "origin_node", "on")


def advances(books: Books, rows: pl.DataFrame, lines: pl.DataFrame) -> None:
    """OD 4191/411: an advance set against the invoice it was for."""
    used = rows.filter(pl.col("later")).sort("allocation_id")
    used = used.with_columns(
        entry_key=pl.lit("AV") + pl.col("allocation_id"),
        label=pl.format("Imputation acompte {}", "piece"),
        out_node=books.take(used.height),
        in_node=books.take(used.height),
    )
    held = lines.filter(pl.col("account") == "419100").select("row", held_node="node", held_by="customer")
    used = used.join(held, on="row", how="left", maintain_order="left")
    books.write(used.with_columns(credit="amount", node="out_node"), journal="OD")
    owner = pl.coalesce("held_by", "customer")
    books.write(
        used.with_columns(customer=owner, account=pl.lit("419100"), debit="amount", node="in_node"), journal="OD"
    )
    books.tie(used, "item_node", "out_node", "known_on")
    books.tie(used.drop_nulls("held_node"), "held_node", "in_node", "known_on")


def set_offs(books: Books, rows: pl.DataFrame, items: pl.DataFrame) -> None:
    """Credit notes lettered with their invoice: no entry, both stand on 411."""
    notes = rows.filter(pl.col("kind") == "credit").join(
        items.select(credit_row="item", note_node="node"), on="credit_row", how="left"
    )
    books.tie(notes.sort("allocation_id"), "item_node", "note_node", "known_on")


def losses(books: Books, rows: pl.DataFrame) -> None:
    """OD 654 + 44571 / 411 or 416: a debt written off, its VAT at the normal rate recovered."""
    lost = rows.filter((pl.col("kind") == "write_off") & pl.col("row").is_null()).sort("allocation_id")
    lost = lost.with_columns(
        entry_key=pl.lit("PE") + pl.col("allocation_id"),
        label=pl.format("Perte sur créance {}", "piece"),
        loss_node=books.take(lost.height),
        net=(pl.col("amount") * 5 // 6),
    )
    books.write(lost.with_columns(credit="amount", node="loss_node"), journal="OD")
    books.write(lost.with_columns(account=pl.lit("654000"), debit="net", customer=-1), journal="OD")
    vat = lost.with_columns(account=pl.lit(VAT_OUT), debit=pl.col("amount") - pl.col("net"), customer=-1)
    books.write(vat.filter(pl.col("debit") > 0), journal="OD")
    books.tie(lost, "item_node", "loss_node", "known_on")


def names(books: Books) -> pl.Series:
    """The customers' names by index."""
    return telling.texts(books.story.cast.name)
