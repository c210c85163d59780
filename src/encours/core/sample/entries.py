"""The general ledger's entries, written as a French bookkeeper does; receivable lines carry a node for lettering."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from encours.core.sample import book as telling
from encours.core.sample.draws import as_days, day_of
from encours.core.sample.story import Story, settled_by

#: One line of an entry before it is numbered. `node` ≥ 0 is a receivable line that letters may join.
LINE: dict[str, pl.DataType] = {
    "journal": pl.String(),
    "entry_key": pl.String(),
    "day": pl.Date(),
    "account": pl.String(),
    "customer": pl.Int64(),
    "piece": pl.String(),
    "piece_on": pl.Date(),
    "label": pl.String(),
    "debit": pl.Int64(),
    "credit": pl.Int64(),
    "due_on": pl.Date(),
    "node": pl.Int64(),
}
#: Why a receivable line is lettered with another: from `on` (and, for a payment that came back, `until`).
EDGE: dict[str, pl.DataType] = {"left": pl.Int64(), "right": pl.Int64(), "on": pl.Date(), "until": pl.Date()}
DEDUCTIONS = {"discount": "665000", "charge": "627100", "write_off": "658000"}
_DEPOSITS = {
    "cheque": "Remise de chèques",
    "draft": "Encaissement LCR",
    "direct_debit": "Prélèvements clients",
    "card": "Encaissements CB",
    "return": "Prélèvement impayé",
}
VAT_OUT, VAT_IN, SUSPENSE = "445710", "445660", "471000"


@dataclass
class Books:
    """Lines and edges as they are written."""

    story: Story
    lines: list[pl.DataFrame] = field(default_factory=list)
    edges: list[pl.DataFrame] = field(default_factory=list)
    nodes: int = 0

    def take(self, count: int) -> pl.Series:
        """`count` new node numbers."""
        first, self.nodes = self.nodes, self.nodes + count
        return pl.Series(np.arange(first, self.nodes, dtype=np.int64))

    def write(self, frame: pl.DataFrame, **constants: object) -> None:
        """Lines of a frame; absent columns are constants, null, zero or no node."""
        defaults = {"debit": 0, "credit": 0, "node": -1, "customer": -1, **constants}
        if "piece_on" not in frame.columns:
            frame = frame.with_columns(piece_on="day")
        self.lines.append(
            frame.select(
                (pl.col(name) if name in frame.columns and name not in constants else pl.lit(defaults.get(name)))
                .cast(dtype)
                .alias(name)
                for name, dtype in LINE.items()
            )
        )

    def tie(self, frame: pl.DataFrame, left: str, right: str, on: str, until: str | None = None) -> None:
        """Edges between the nodes of two columns."""
        last = pl.col(until) if until else pl.lit(None)
        columns = {"left": pl.col(left), "right": pl.col(right), "on": pl.col(on), "until": last}
        self.edges.append(frame.select(columns[name].cast(dtype).alias(name) for name, dtype in EDGE.items()))


def sales(books: Books) -> pl.DataFrame:
    """VE: 411 (and 4117) against 70 and 44571; credit notes the other way. Returns the receivable lines."""
    story = books.story
    docs, items = story.docs, story.items
    lines = pl.DataFrame(
        {
            "item": np.arange(items.size),
            "node": books.take(items.size),
            "document": items.document,
            "customer": items.customer,
            "account": telling.texts(items.account),
            "day": as_days(items.issued),
            "due_on": as_days(items.due),
            "amount": items.amount,
            "piece": telling.texts(docs.number[items.document]),
        }
    ).with_columns(
        entry_key=pl.format("VE{}", "document"),
        debit=pl.max_horizontal("amount", 0),
        credit=pl.max_horizontal(-pl.col("amount"), 0),
        label=pl.when(pl.col("amount") > 0)
        .then(pl.format("Facture {}", "piece"))
        .otherwise(pl.format("Avoir {}", "piece")),
    )
    books.write(lines, journal="VE")
    revenue = np.where(docs.vat_rate == 2000, "707000", np.where(docs.vat_rate == 1000, "706100", "707500"))
    note = pl.Series(docs.credits >= 0)
    whole = pl.DataFrame(
        {
            "document": np.arange(len(docs.customer)),
            "day": as_days(docs.issued),
            "piece": telling.texts(docs.number),
            "net": docs.net,
            "vat": docs.vat,
            "revenue": telling.texts(revenue),
            "note": note,
        }
    ).with_columns(
        entry_key=pl.format("VE{}", "document"),
        label=pl.when("note").then(pl.format("Avoir {}", "piece")).otherwise(pl.format("Facture {}", "piece")),
    )
    for column, account in (("net", pl.col("revenue")), ("vat", pl.lit(VAT_OUT))):
        part = whole.filter(pl.col(column) != 0).with_columns(
            account=account,
            credit=pl.when("note").then(0).otherwise(column),
            debit=pl.when("note").then(column).otherwise(0),
        )
        books.write(part, journal="VE")
    return lines.select("item", "node", "customer", "account", "day", "due_on", "amount", "piece")


def doubtful(books: Books, items: pl.DataFrame) -> pl.DataFrame:
    """OD 416/411: what is left of a failed customer's items. Returns item, doubtful_node, doubtful_on."""
    story = books.story
    rows, days = telling.doubtful_items(story)
    until = np.zeros(story.items.size, dtype=np.int64)
    until[rows] = days
    left = (story.items.amount - settled_by(story, until))[rows]
    moved = pl.DataFrame({"item": rows, "day": as_days(days), "left": left}).join(
        items.select("item", "customer", "node", "due_on", "piece", piece_on="day", source="account"),
        on="item",
        how="left",
        maintain_order="left",
    )
    moved = moved.with_columns(
        entry_key=pl.format("DX{}", "item"),
        label=pl.format("Client douteux {}", "piece"),
        out_node=books.take(moved.height),
        in_node=books.take(moved.height),
    )
    books.write(moved.with_columns(account=pl.col("source"), credit="left", node="out_node"), journal="OD")
    books.write(moved.with_columns(account=pl.lit("416000"), debit="left", node="in_node"), journal="OD")
    books.tie(moved, "node", "out_node", "day")
    return moved.select("item", doubtful_node="in_node", doubtful_on="day")


def drafts(books: Books, items: pl.DataFrame) -> pl.DataFrame:
    """EF 413/411 at acceptance, 411/413 when the draft comes back. Returns item, draft_node, accepted_on."""
    story = books.story
    cast, intent = story.cast, story.intent
    size = len(intent.day)
    rows = np.flatnonzero((cast.method[cast.payer[story.items.customer[:size]]] == "lcr") & (intent.payable > 0))
    rows = rows[(story.items.amount[rows] > 0) & (story.items.kind[rows] == "invoice")]
    accepted = np.minimum(
        story.items.issued[rows] + 7, np.maximum(intent.first_day[rows] - 1, story.items.issued[rows])
    )
    frame = pl.DataFrame(
        {
            "item": rows,
            "day": as_days(accepted),
            "left": intent.payable[rows],
            "bounced_on": as_days(np.minimum(intent.bounced_on[rows], 60_000)),
        }
    ).filter(pl.col("day") <= day_of(story.last))
    frame = frame.join(
        items.select("item", "customer", "node", "due_on", "piece", piece_on="day"),
        on="item",
        how="left",
        maintain_order="left",
    )
    frame = frame.with_columns(
        entry_key=pl.format("EF{}", "item"),
        label=pl.format("LCR {}", "piece"),
        out_node=books.take(frame.height),
        draft_node=books.take(frame.height),
    )
    books.write(frame.with_columns(account=pl.lit("411000"), credit="left", node="out_node"), journal="EF")
    books.write(frame.with_columns(account=pl.lit("413000"), debit="left", node="draft_node"), journal="EF")
    books.tie(frame, "node", "out_node", "day")
    back = frame.filter(pl.col("bounced_on") <= day_of(story.last))
    back = back.with_columns(
        entry_key=pl.format("EI{}", "item"),
        day=pl.col("bounced_on"),
        label=pl.format("LCR impayée {}", "piece"),
        again=books.take(back.height),
        undone=books.take(back.height),
    )
    books.write(back.with_columns(account=pl.lit("411000"), debit="left", node="again"), journal="EF")
    books.write(back.with_columns(account=pl.lit("413000"), credit="left", node="undone"), journal="EF")
    books.tie(back, "draft_node", "undone", "day")
    books.tie(back, "again", "out_node", "day")
    bounced = back.select("item", "again", "bounced_on")
    return frame.join(bounced, on="item", how="left", maintain_order="left", suffix="_back").select(
        "item", "draft_node", "again", accepted_on="day", came_back_on="bounced_on_back"
    )


def bank(books: Books, receipts: pl.DataFrame, accounts: pl.DataFrame, settled: pl.DataFrame) -> None:
    """BQ: one entry a bank line, 512 against the receivable lines of `settled`, the suspense account or suppliers.

    `settled`: row, customer, account, amount (signed, what the receivable account is credited), piece, label, node.
    Cheques pass through 5112, one line a cheque, the deposit one line at the bank.
    """
    known = receipts.join(
        accounts.select("account", bank="ledger_account"), on="account", how="left", maintain_order="left"
    )
    known = known.with_columns(
        journal=pl.lit("BQ") + pl.col("bank").str.slice(3, 1),
        entry_key=pl.lit("BQ") + pl.col("line_id"),
        day=pl.col("booked_on"),
        piece=pl.col("receipt_id").str.slice(10),
    )
    named = pl.coalesce(pl.format("Vir {}", "name"), pl.lit("Virement"))
    label = pl.coalesce(pl.col("kind").replace_strict(_DEPOSITS, default=None, return_dtype=pl.String), named)
    whole = (
        known.group_by("entry_key", maintain_order=True)
        .agg(pl.col("journal", "day", "piece", "bank", "kind", "name").first(), pl.col("amount").sum())
        .with_columns(account="bank", label=label)
    )
    books.write(_sided(whole, pl.col("amount")))
    cheques = known.filter(pl.col("kind") == "cheque").with_columns(account=pl.lit("511200"))
    named = pl.coalesce(pl.format("Chèque {}", "name"), pl.lit("Chèque"))
    books.write(cheques.with_columns(credit="amount", label=pl.format("Remise {}", "piece")))
    deposited = cheques.with_columns(entry_key=pl.lit("CH") + pl.col("receipt_id"), label=named)
    books.write(deposited.with_columns(debit="amount"), journal="CH")
    place = known.select(
        "row",
        "journal",
        "day",
        "receipt_id",
        "kind",
        entry_key=pl.when(pl.col("kind") == "cheque").then(pl.lit("CH") + pl.col("receipt_id")).otherwise("entry_key"),
    ).filter(pl.col("row") >= 0)
    lines = settled.join(place, on="row", how="left", maintain_order="left")
    lines = lines.with_columns(journal=pl.when(pl.col("kind") == "cheque").then(pl.lit("CH")).otherwise("journal"))
    books.write(_sided(lines, -pl.col("amount")))
    _suppliers(books, known.filter(pl.col("row") < 0))


def _sided(frame: pl.DataFrame, debit: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(debit=pl.max_horizontal(debit, 0), credit=pl.max_horizontal(-debit, 0))


def _suppliers(books: Books, out: pl.DataFrame) -> None:
    """Supplier payments with the purchase they settle, bank fees."""
    fees = out.filter(pl.col("counter").str.starts_with("6")).with_columns(account="counter", debit=-pl.col("amount"))
    books.write(fees.with_columns(label=pl.lit("Frais bancaires")))
    paid = out.filter(~pl.col("counter").str.starts_with("6")).with_columns(owed=-pl.col("amount"))
    books.write(paid.with_columns(account="counter", debit="owed", label=pl.lit("Règlement fournisseur")))
    bought = paid.with_columns(
        entry_key=pl.lit("AC") + pl.col("receipt_id"),
        piece=pl.lit("F") + pl.col("piece"),
        label=pl.lit("Achat"),
        net=(pl.col("owed") * 5 // 6),
    )
    books.write(bought.with_columns(account="counter", credit="owed"), journal="AC")
    books.write(bought.with_columns(account=pl.lit("607000"), debit="net"), journal="AC")
    books.write(bought.with_columns(account=pl.lit(VAT_IN), debit=pl.col("owed") - pl.col("net")), journal="AC")
