"""The story as a Book: what the company's ledger, bank and clerks know on the last day."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.sample import identity
from encours.core.sample.aftermath import DOUBTFUL_DAYS, OWNERS
from encours.core.sample.bank import Outgoings, pay_out
from encours.core.sample.channels import through_channel
from encours.core.sample.draws import Ints, Texts, as_days, generator, words_where, working
from encours.core.sample.intent import DISCOUNT_DAYS, DISCOUNT_RATE
from encours.core.sample.story import GATHERED, Story, settled_by
from encours.core.sample.texts import IBAN_ARRIVES, bank_names, plain, remittances

COMPANY = "Fournitures Valdorne SAS"
COLLECTORS = ("Credit 1", "Credit 2", "Credit 3", "Credit 4")
IBAN_KNOWN_SHARE = 0.5


def dates(days: Ints) -> pl.Series:
    """Day numbers as dates; zero is null."""
    return pl.Series(as_days(days)).set(pl.Series(days == 0), None) if len(days) else pl.Series([], dtype=pl.Date)


def texts(values: Texts) -> pl.Series:
    """Words as a String column; None is null."""
    return pl.Series(values.tolist(), dtype=pl.String)


def customer_codes(story: Story) -> pl.Series:
    """The auxiliary account of each customer: C00001…"""
    return pl.select(pl.format("C{}", pl.int_range(1, story.cast.size + 1).cast(pl.String).str.zfill(5))).to_series()


def customer_ids(story: Story) -> pl.Series:
    """`<entity>:C00001` by customer index."""
    return story.entity_id + ":" + customer_codes(story)


def item_ids(story: Story) -> pl.Series:
    """`<entity>:<number>` or `<entity>:<number>/<part>` by item index."""
    number = texts(story.docs.number[story.items.document])
    part = texts(story.items.part)
    frame = pl.DataFrame({"number": number, "part": part})
    tail = pl.when(pl.col("part").is_null()).then(pl.lit("")).otherwise("/" + pl.col("part"))
    return frame.select(pl.lit(story.entity_id + ":") + pl.col("number") + tail).to_series()


def items_frame(story: Story) -> pl.DataFrame:
    """The Book's items: a doubtful debt has a second version on account 416000."""
    items, cast, docs = story.items, story.cast, story.docs
    payer = cast.payer[items.customer]
    offered = cast.discounts[items.customer] & (items.amount > 0) & (items.kind == "invoice")
    off = np.rint(items.amount * DISCOUNT_RATE).astype(np.int64)
    invoice = items.kind != "credit_note"
    order = docs.order[items.document]
    frame = pl.DataFrame(
        {
            "item_id": item_ids(story),
            "entity_id": pl.repeat(story.entity_id, items.size, eager=True),
            "customer_id": customer_ids(story).gather(items.customer),
            "ledger_account": texts(items.account),
            "number": texts(docs.number[items.document]),
            "part": texts(items.part),
            "kind": texts(items.kind),
            "issued_on": as_days(items.issued),
            "due_on": as_days(items.due),
            "amount": items.amount,
            "discount_on": dates(np.where(offered, items.issued + DISCOUNT_DAYS, 0)),
            "discount_amount": pl.Series(off).set(pl.Series(~offered), None),
            "payment_method": texts(cast.method[payer]),
            "order_ref": pl.select(pl.format("CDE{}", pl.lit(pl.Series(order)))).to_series(),
            "delivery_ref": pl.select(pl.format("BL{}", pl.lit(pl.Series(order + 1_000)))).to_series(),
            "label": texts(np.where(invoice, "Facture", "Avoir")),
        }
    ).with_columns(currency=pl.lit("EUR"), known_on=pl.lit(None, dtype=pl.Date))
    doubtful = doubtful_items(story)
    moved = frame[doubtful[0]].with_columns(
        ledger_account=pl.lit("416000"), known_on=pl.Series(as_days(doubtful[1])).cast(pl.Date)
    )
    return pl.concat([frame, moved])


def doubtful_items(story: Story) -> tuple[Ints, Ints]:
    """Items moved to 416 and the day: what a failed customer owed when its judgment reached us."""
    items, cast = story.items, story.cast
    day = working(cast.failed_on + DOUBTFUL_DAYS)[items.customer]
    moved = (day <= story.last) & (items.issued <= day) & (items.amount > settled_by(story, day)) & (items.amount > 0)
    rows = np.flatnonzero(moved)
    return rows, day[rows]


def customers_frame(story: Story) -> pl.DataFrame:
    """The Book's customers, with limits that follow what they buy and collectors by portfolio."""
    cast = story.cast
    rng = generator(story.seed, "master data")
    legal = texts(identity.siren_texts(cast.siren)).set(pl.Series(cast.kind == "consumer"), None)
    vat = texts(identity.vat_texts(cast.siren)).set(pl.Series(cast.kind != "business"), None)
    monthly = cast.rate * np.exp(cast.amount_mu + cast.amount_sigma**2 / 2)
    limit = np.ceil(monthly * rng.uniform(1.4, 4.5, cast.size) / 1000) * 100_000
    rank = np.argsort(np.argsort(-monthly)) / cast.size
    importance = np.where(rank < 0.05, "key", np.where(rank < 0.3, "A", np.where(rank < 0.65, "B", "C")))
    strategy = np.where(cast.habit == "insolvent", "exit", np.where(cast.habit == "drifting", "protect", "normal"))
    known = rng.random(cast.size) < 0.4
    collector = np.array(COLLECTORS, dtype=object)[rng.integers(0, len(COLLECTORS), cast.size)]
    return pl.DataFrame(
        {
            "customer_id": customer_ids(story),
            "entity_id": pl.repeat(story.entity_id, cast.size, eager=True),
            "party_id": legal,
            "name": texts(cast.name),
            "kind": texts(cast.kind),
            "legal_id": legal,
            "vat_id": vat,
            "segment": texts(cast.segment),
            "importance": texts(importance),
            "strategy": texts(np.where(known, strategy, "normal")),
            "collector": texts(collector),
            "sales_owner": texts(np.array([f"Sales {n}" for n in rng.integers(1, 7, cast.size)], dtype=object)),
            "credit_limit": pl.Series(limit.astype(np.int64)).set(pl.Series(cast.kind != "business"), None),
            "created_on": as_days(cast.joined_on),
        }
    ).with_columns(country=pl.lit("FR"), language=pl.lit("fr"))


def links_frame(story: Story) -> pl.DataFrame:
    """Who pays for whom."""
    ids, payer = customer_ids(story), story.cast.payer
    rows = np.flatnonzero(payer != np.arange(len(payer)))
    links = pl.DataFrame({"customer_id": ids.gather(rows), "other_id": ids.gather(payer[rows])})
    return pl.concat([links.with_columns(role=pl.lit(role)) for role in ("payer", "legal_parent")])


def aliases_frame(story: Story) -> pl.DataFrame:
    """Bank accounts that the master data knows: those of half the customers."""
    rng = generator(story.seed, "aliases")
    rows = np.flatnonzero((rng.random(story.cast.size) < IBAN_KNOWN_SHARE) & (story.cast.treasury < 0))
    return pl.DataFrame(
        {"customer_id": customer_ids(story).gather(rows), "value": texts(story.cast.account_iban[rows])}
    ).with_columns(kind=pl.lit("iban"), source=pl.lit("erp"))


def contacts_frame(story: Story) -> pl.DataFrame:
    """An accounts-payable contact for each customer, a buyer and a CFO for the larger; addresses end in .example."""
    cast = story.cast
    ids = customer_ids(story)
    domain = [plain(name).lower().replace(" ", "-").replace("'", "-") + ".example" for name in cast.name]
    roles = {"accounts_payable": np.arange(cast.size), "buyer": np.flatnonzero(cast.rate > 1.5)}
    roles["cfo"] = np.flatnonzero((cast.rate > 5) & (cast.kind == "business"))
    box = {"accounts_payable": "comptabilite", "buyer": "achats", "cfo": "direction.financiere"}
    parts = [
        pl.DataFrame(
            {"customer_id": ids.gather(rows), "email": [f"{box[role]}@{domain[row]}" for row in rows]}
        ).with_columns(role=pl.lit(role), contact_id=pl.col("customer_id") + ":" + role)
        for role, rows in roles.items()
    ]
    return pl.concat(parts).with_columns(language=pl.lit("fr"))


class Ledger:
    """Receipts and allocations of the story with their ids, in order of booking."""

    def __init__(self, story: Story, accounts: pl.DataFrame) -> None:
        self.story = story
        self.accounts = accounts
        money = story.money
        self.rows = np.flatnonzero(story.present)
        self.rows = self.rows[np.lexsort((self.rows, money.day[self.rows]))]
        self.outgoings = pay_out(
            story.channel[self.rows], money.day[self.rows], money.amount[self.rows], story.seed, story.last
        )
        self.id_of = np.full(money.size + 1, -1)
        self.id_of[self.rows] = np.arange(len(self.rows))
        self.receipt_ids = pl.select(
            pl.format(
                "{}:R{}", pl.lit(story.entity_id), pl.int_range(1, len(self.rows) + 1).cast(pl.String).str.zfill(7)
            )
        ).to_series()

    def receipts(self) -> pl.DataFrame:
        """The Book's receipts with the extra columns line_id, row and channel; money out stands at the end."""
        story, money, cast, rows = self.story, self.story.money, self.story.cast, self.rows
        payer, channel = money.payer[rows], story.channel[rows]
        names = bank_names(cast, story.seed)
        flat = np.array([name and plain(name) for name in names], dtype=object)
        nobody = pl.Series(payer < 0)
        rng = generator(story.seed, "iban arrives")
        arrives = rng.random(len(rows)) < np.array([IBAN_ARRIVES[word] for word in channel])
        transfer = np.isin(money.kind[rows], ["transfer"])
        ibans = texts(cast.account_iban[payer]).set(pl.Series(~(arrives & transfer) | (payer < 0)), None)
        booked = story.lettering.booked[rows] & (payer >= 0)
        origin = self.id_of[money.origin[rows]]
        linked = (money.amount[rows] < 0) & (origin >= 0)
        reference = pl.select(pl.format("E2E{}", pl.int_range(100_000, 100_000 + len(rows)))).to_series()
        frame = pl.DataFrame(
            {
                "receipt_id": self.receipt_ids,
                "booked_on": as_days(money.day[rows]),
                "amount": money.amount[rows],
                "kind": texts(money.kind[rows]),
                "customer_id": customer_ids(story).gather(np.maximum(payer, 0)).set(pl.Series(~booked), None),
                "ledger_account": texts(words_where(money.pattern[rows] == "advance", "419100", None)),
                "payer_name": texts(names[payer]).set(nobody, None),
                "flat_name": texts(flat[payer]).set(nobody, None),
                "payer_account": ibans,
                "remittance": self._texts(rows),
                "end_to_end_id": reference.set(pl.Series(~(transfer & (rng.random(len(rows)) < 0.4))), None),
                "returns_receipt_id": self.receipt_ids.gather(np.maximum(origin, 0)).set(pl.Series(~linked), None),
                "channel": texts(channel),
                "row": rows,
            }
        )
        return self._dress(pl.concat([frame, self._out()], how="diagonal"))

    def _texts(self, rows: Ints) -> pl.Series:
        story, money = self.story, self.story.money
        chosen = np.flatnonzero((money.receipt >= 0) & (money.cut_kind == "cash"))
        chosen = chosen[np.isin(money.receipt[chosen], rows)]
        chosen = chosen[np.lexsort((money.item[chosen], self.id_of[money.receipt[chosen]]))]
        row = self.id_of[money.receipt[chosen]]
        number = story.docs.number[story.items.document[money.item[chosen]]]
        wrong = story.docs.number[np.maximum(0, story.items.document[money.item[chosen]] - 7)]
        first = np.searchsorted(row, row)
        quoted = pl.DataFrame(
            {"row": row, "nth": np.arange(len(row)) - first, "number": texts(number), "wrong_number": texts(wrong)}
        ).unique(["row", "number"], keep="first", maintain_order=True)
        payer = np.maximum(money.payer[rows], 0)
        order = np.full(len(rows), 10_000)
        order[row[::-1]] = story.docs.order[story.items.document[money.item[chosen]]][::-1]
        receipts = pl.DataFrame(
            {
                "row": np.arange(len(rows)),
                "form": texts(story.form[rows]),
                "kind": texts(money.kind[rows]),
                "pattern": texts(money.pattern[rows]),
                "customer_code": customer_codes(story).gather(payer),
                "order_ref": order,
            }
        )
        return remittances(receipts, quoted, story.seed)

    def _out(self) -> pl.DataFrame:
        out: Outgoings = self.outgoings
        count = len(out.day)
        return pl.DataFrame(
            {
                "receipt_id": [f"{self.story.entity_id}:P{n + 1:06d}" for n in range(count)],
                "booked_on": as_days(out.day),
                "amount": out.amount,
                "kind": ["out"] * count,
                "remittance": texts(np.array([plain(text) for text in out.text], dtype=object)),
                "channel": texts(out.channel),
                "row": np.full(count, -1),
            },
            schema_overrides={"receipt_id": pl.String, "kind": pl.String},
        )

    def _dress(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Bank account, statement and line, and what the channel leaves."""
        frame = frame.join(self.accounts.select("channel", "account"), on="channel", how="left", maintain_order="left")
        gathered = pl.col("kind").is_in(list(GATHERED))
        day = pl.col("booked_on").cast(pl.Date)
        frame = frame.with_columns(
            entity_id=pl.lit(self.story.entity_id),
            booked_on=day,
            value_on=day,
            currency=pl.lit("EUR"),
            origin=pl.lit("bank"),
            statement_id=pl.format("{}:{}:{}", pl.lit(self.story.entity_id), "account", day.dt.strftime("%Y-%m")),
            line_id=pl.when(gathered)
            .then(pl.format("{}:{}:{}", "account", day, "kind"))
            .otherwise(pl.col("receipt_id")),
        )
        return through_channel(frame).drop("flat_name")

    def true_allocations(self) -> pl.DataFrame:
        """Every allocation of the story by its last day, with `receipt_row` and `lettered` beside the Book's own."""
        story, money = self.story, self.story.money
        kept = np.flatnonzero((money.cut_day <= story.last) & ((money.receipt < 0) | (self.id_of[money.receipt] >= 0)))
        kept = kept[np.lexsort((kept, money.cut_day[kept]))]
        receipt, credit, on = money.receipt[kept], money.credit_item[kept], money.cut_day[kept]
        ids = item_ids(story)
        undone = np.zeros(money.size + 1, dtype=np.int64)
        back = self.rows[money.kind[self.rows] == "return"]
        undone[money.origin[back]] = money.day[back]
        reversed_on = np.where(receipt >= 0, undone[receipt], 0)
        lettered = np.where(receipt >= 0, story.lettering.lettered[receipt], True)
        known = np.where(receipt >= 0, np.maximum(on, story.lettering.on[receipt]), on)
        code = self.id_of[np.maximum(receipt, 0)]
        frame = pl.DataFrame(
            {
                "receipt_id": self.receipt_ids.gather(np.maximum(code, 0)).set(pl.Series(receipt < 0), None),
                "item_id": ids.gather(money.item[kept]),
                "credit_item_id": ids.gather(np.maximum(credit, 0)).set(pl.Series(credit < 0), None),
                "amount": money.cut[kept],
                "kind": texts(money.cut_kind[kept]),
                "allocated_on": as_days(on),
                "reversed_on": dates(reversed_on),
                "known_on": dates(known),
                "lettered": lettered & (known <= story.last),
                "receipt_row": receipt,
                "item_row": money.item[kept],
                "credit_row": credit,
            }
        )
        return frame.with_columns(
            allocation_id=pl.format(
                "{}:A{}", pl.lit(story.entity_id), pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
            ),
            source=pl.lit("erp"),
        )


def disputes_frame(story: Story) -> pl.DataFrame:
    """Disputes of short payments and of invoices that nobody pays."""
    quarrels = story.quarrels
    owner = np.array([OWNERS.get(reason, "credit") for reason in quarrels.reason], dtype=object)
    ids = item_ids(story)
    return pl.DataFrame(
        {
            "item_id": ids.gather(quarrels.item),
            "amount": quarrels.amount,
            "reason": texts(quarrels.reason),
            "opened_on": as_days(quarrels.opened),
            "owner": texts(owner),
            "closed_on": dates(quarrels.closed),
            "outcome": texts(words_where(quarrels.closed > 0, quarrels.outcome, None)),
        }
    ).with_columns(dispute_id=pl.format("{}:D{}", pl.lit(story.entity_id), pl.int_range(1, pl.len() + 1)))
