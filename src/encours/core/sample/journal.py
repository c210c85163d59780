"""The general ledger as a FEC shows it: numbered entries a fiscal year, letters as of its closing, openings."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from encours.core.sample import book as telling
from encours.core.sample.draws import Ints, day_of
from encours.core.sample.entries import LINE, Books, bank, doubtful, drafts, sales
from encours.core.sample.settling import advances, credit_lines, losses, names, set_offs, with_lines
from encours.core.sample.story import Story

#: The columns of `Sample.journal`, one row a line; amounts in cents; `fiscal_year` is the calendar year.
JOURNAL_SCHEMA: dict[str, pl.DataType] = {
    "fiscal_year": pl.Int32(),
    "journal": pl.String(),
    "journal_name": pl.String(),
    "entry": pl.String(),
    "day": pl.Date(),
    "account": pl.String(),
    "account_name": pl.String(),
    "customer_code": pl.String(),
    "customer_name": pl.String(),
    "piece": pl.String(),
    "piece_on": pl.Date(),
    "label": pl.String(),
    "debit": pl.Int64(),
    "credit": pl.Int64(),
    "letter": pl.String(),
    "lettered_on": pl.Date(),
    "due_on": pl.Date(),
}
_JOURNALS = {
    "AN": "À-nouveaux",
    "VE": "Ventes",
    "AC": "Achats",
    "CH": "Chèques reçus",
    "EF": "Effets à recevoir",
    "OD": "Opérations diverses",
    "BQ1": "Banque du Littoral",
    "BQ2": "Crédit des Deux Rives",
    "BQ3": "Caisse Hanséatique",
    "BQ4": "Comptoir Bancaire",
    "BQ5": "Banque Postale",
}
_ACCOUNTS = {
    "101": "Capital",
    "120": "Résultat de l'exercice",
    "401": "Fournisseurs",
    "411": "Clients",
    "4117": "Clients - retenues de garantie",
    "413": "Clients - effets à recevoir",
    "416": "Clients douteux",
    "4191": "Clients - avances et acomptes reçus",
    "44566": "TVA déductible",
    "44571": "TVA collectée",
    "471": "Compte d'attente",
    "5112": "Chèques à encaisser",
    "512": "Banque",
    "607": "Achats de marchandises",
    "627": "Services bancaires",
    "654": "Pertes sur créances irrécouvrables",
    "658": "Écarts de règlement",
    "665": "Escomptes accordés",
    "706": "Prestations de services",
    "707": "Ventes de marchandises",
}


def journal_frame(
    story: Story, ledger: telling.Ledger, receipts: pl.DataFrame, allocations: pl.DataFrame
) -> pl.DataFrame:
    """Every line of every fiscal year, openings included: JOURNAL_SCHEMA, in the order of the FEC."""
    lines, edges = _written(story, ledger, receipts, allocations)
    closings = _closings(story)
    years, opening = [], _capital(ledger, story)
    for closing in closings:
        year = closing.year
        own = lines.filter(pl.col("day").dt.year() == year)
        whole = pl.concat([opening, own])
        letters = _letters(lines, edges, closing)
        years.append(_finished(story, whole, letters, year))
        opening = _carried(whole, letters, year + 1)
    return pl.concat(years)


def _written(
    story: Story, ledger: telling.Ledger, receipts: pl.DataFrame, allocations: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All entries but the openings, and the edges between their receivable lines."""
    books = Books(story)
    customer = names(books)
    payer = np.append(story.money.payer, -1)[receipts["row"].to_numpy()]
    counter = np.full(receipts.height, None, dtype=object)
    counter[receipts["row"].to_numpy() < 0] = ledger.outgoings.counter
    known = pl.Series(payer >= 0)
    receipts = receipts.with_columns(
        payer_row=pl.Series(payer),
        name=customer.gather(np.maximum(payer, 0)).set(~known, None),
        counter=telling.texts(counter),
        booked_on=pl.col("booked_on").cast(pl.Date),
    )
    items = sales(books)
    moved = doubtful(books, items)
    rows = with_lines(allocations, items, moved, drafts(books, items), receipts)
    lines = credit_lines(books, rows, receipts)
    bank(books, receipts, ledger.accounts, lines)
    advances(books, rows, lines)
    set_offs(books, rows, items)
    losses(books, rows)
    return pl.concat(books.lines).filter((pl.col("debit") != 0) | (pl.col("credit") != 0)), pl.concat(books.edges)


def _closings(story: Story) -> list[date]:
    """The closing day of each fiscal year: 31 December, or the last day for the year that runs."""
    first, last = day_of(story.first), day_of(story.last)
    return [min(date(year, 12, 31), last) for year in range(first.year, last.year + 1)]


def _capital(ledger: telling.Ledger, story: Story) -> pl.DataFrame:
    """The first opening: what the banks hold, against the capital."""
    banks = ledger.accounts.select(account="ledger_account", debit="opening").with_columns(credit=pl.lit(0))
    capital = pl.DataFrame({"account": ["101000"], "debit": [0], "credit": [banks["debit"].sum()]})
    day = day_of(story.first)
    return _opening(
        pl.concat([banks, capital], how="vertical_relaxed").with_columns(label=pl.lit("Reprise des soldes")), day
    )


def _opening(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    defaults = {"journal": "AN", "entry_key": "AN", "customer": -1, "node": -1, "piece_on": day}
    return frame.with_columns(day=pl.lit(day)).select(
        (pl.col(name) if name in frame.columns or name == "day" else pl.lit(defaults.get(name))).cast(dtype).alias(name)
        for name, dtype in LINE.items()
    )


def _letters(lines: pl.DataFrame, edges: pl.DataFrame, closing: date) -> pl.DataFrame:
    """node, letter, lettered_on, whole: the letters that stand at a closing.

    A group is what lettering ties together on one account and customer; upper case where it balances.
    """
    end = pl.lit(closing)
    nodes = lines.filter((pl.col("node") >= 0) & (pl.col("day") <= end)).select(
        "node", "account", "customer", value=pl.col("debit") - pl.col("credit")
    )
    known = edges.filter((pl.col("on") <= end) & (pl.col("until").is_null() | (pl.col("until") > end)))
    place = nodes.with_row_index("place").select("node", "place", "account", "customer")
    ends = known.join(place, left_on="left", right_on="node").join(place, left_on="right", right_on="node", suffix="_2")
    ends = ends.filter((pl.col("account") == pl.col("account_2")) & (pl.col("customer") == pl.col("customer_2")))
    left, right = ends["place"].to_numpy().astype(np.int64), ends["place_2"].to_numpy().astype(np.int64)
    group = connected(nodes.height, left, right)
    on = pl.DataFrame({"group": group[left], "on": ends["on"]}).group_by("group").agg(lettered_on=pl.col("on").max())
    tied = nodes.with_columns(group=pl.Series(group)).join(on, on="group")
    groups = tied.group_by("group", "account", "customer").agg(
        whole=pl.col("value").sum() == 0, lettered_on=pl.col("lettered_on").first()
    )
    groups = groups.sort("lettered_on", "group").with_columns(rank=pl.int_range(pl.len()).over("account", "customer"))
    code = _code(groups["rank"].to_numpy())
    groups = groups.with_columns(letter=pl.Series(code, dtype=pl.String)).with_columns(
        letter=pl.when("whole").then("letter").otherwise(pl.col("letter").str.to_lowercase())
    )
    return (
        tied.select("node", "group")
        .join(groups.select("group", "letter", "lettered_on", "whole"), on="group")
        .drop("group")
    )


def connected(count: int, left: Ints, right: Ints) -> Ints:
    """The smallest member of each node's component: labels spread over the edges until nothing changes."""
    label = np.arange(count, dtype=np.int64)
    while True:
        least = np.minimum(label[left], label[right])
        before = label.copy()
        np.minimum.at(label, left, least)
        np.minimum.at(label, right, least)
        label = label[label]
        if (label == before).all():
            return label


def _code(rank: Ints) -> list[str]:
    """AAA, AAB, … ZZZ, then four letters."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = []
    for value in rank.tolist():
        text = ""
        while value or len(text) < 3:
            value, digit = divmod(value, 26)
            text = letters[digit] + text
        codes.append(text)
    return codes


def _carried(whole: pl.DataFrame, letters: pl.DataFrame, year: int) -> pl.DataFrame:
    """The next year's opening: receivable lines that no whole letter closes one by one, other accounts by balance."""
    closed = letters.filter("whole").select("node")
    lines = whole.filter(pl.col("node") >= 0).join(closed, on="node", how="anti")
    first = date(year, 1, 1)
    rest = whole.filter(pl.col("node") < 0)
    done = whole.filter(pl.col("node") >= 0).join(closed, on="node", how="semi")
    result = rest.filter(pl.col("account").str.contains("^[67]"))
    held = pl.concat([rest.filter(~pl.col("account").str.contains("^[67]")), done])
    balance = (pl.col("debit") - pl.col("credit")).sum()
    sums = held.group_by("account", "customer").agg(balance=balance).sort("account", "customer")
    profit = result.select(account=pl.lit("120000"), customer=pl.lit(-1, dtype=pl.Int64), balance=balance)
    sums = pl.concat([sums, profit]).group_by("account", "customer", maintain_order=True).agg(pl.col("balance").sum())
    other = sums.filter(pl.col("balance") != 0).with_columns(
        debit=pl.max_horizontal("balance", 0),
        credit=pl.max_horizontal(-pl.col("balance"), 0),
        label=pl.lit("À-nouveau"),
    )
    return pl.concat(
        [_opening(other.drop("balance"), first), _opening(lines.drop("journal", "entry_key", "day"), first)]
    )


def _finished(story: Story, whole: pl.DataFrame, letters: pl.DataFrame, year: int) -> pl.DataFrame:
    """Numbered, named and lettered lines of one fiscal year."""
    frame = whole.with_row_index("place").join(letters.select("node", "letter", "lettered_on"), on="node", how="left")
    opening = pl.col("journal") == "AN"
    frame = frame.sort(~opening, "day", "entry_key", "place")
    number = pl.col("entry_key").rle_id() + 1
    codes, customer = telling.customer_codes(story), telling.texts(story.cast.name)
    at = frame["customer"].to_numpy()
    nobody = pl.Series(at < 0)
    frame = frame.with_columns(
        fiscal_year=pl.lit(year),
        entry=number.cast(pl.String).str.zfill(7),
        journal_name=pl.col("journal").replace_strict(_JOURNALS),
        account_name=_account_name(),
        customer_code=codes.gather(np.maximum(at, 0)).set(nobody, None),
        customer_name=customer.gather(np.maximum(at, 0)).set(nobody, None),
        piece=pl.coalesce("piece", "entry_key"),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in JOURNAL_SCHEMA.items())


def _account_name() -> pl.Expr:
    names = [
        pl.when(pl.col("account").str.starts_with(prefix)).then(pl.lit(_ACCOUNTS[prefix]))
        for prefix in sorted(_ACCOUNTS, key=len, reverse=True)
    ]
    return pl.coalesce(*names, pl.lit("Compte"))
