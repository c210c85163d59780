"""Whose money is it that bears no customer? What its text quotes, who sent it, from which account.

No match is made here, that is `core.matching`'s art: this only says whom not to remind while a receipt waits.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

#: Shorter runs of digits, or shorter names, are in too many texts.
_DIGITS, _LETTERS = 5, 7
_LEGAL = r"\b(?:SARL|SAS|SASU|SA|EURL|SNC|SCI|SELARL|SCOP|GMBH|LTD|LIMITED|BV|NV|SPA|SRL|SL|INC|AG)\b"
#: Money that went out again pays nothing.
_NOT = ("return", "out")
#: A match below this confidence says who paid, and not surely what.
_SURE = 0.9
#: A name that begins like more payers' than this is nobody's.
_FEW = 5
#: A beginning of names of more customers than this finds nobody by itself.
_RARE = 50
#: How far back words of earlier money are looked for.
_EARLIER_DAYS = 366
#: What the sender is called and what it wrote.
_TEXT = pl.concat_str([pl.col("payer_name").fill_null(""), pl.lit(" "), pl.col("remittance").fill_null("")])
#: Letters of the beginning of one word of a name that count, and of all its words together.
_WORD, _BEGINNING = 3, 6


def waiting(facts: Facts) -> pl.DataFrame:
    """money_id, entity_id, kind, payer_id?, currency, amount, proposed, until_on, payer_name?, payer_account?,
    remittance?: receipts with money left (`amount`, minor units), until `unapplied_days` working days after they were
    known.

    `proposed`: the part of the amount that proposed matches take. `payer_id`: of the customer that the receipt bears.
    """
    days = facts.known.settings.unapplied_days
    since = pl.coalesce("known_on", "booked_on")
    rows = facts.unapplied.filter(
        (pl.col("unapplied") > 0) & ~pl.col("kind").is_in(_NOT) & (since >= facts.as_of - timedelta(days=14 + 2 * days))
    )
    proposed = facts.known.proposals.group_by("receipt_id").agg(proposed=pl.col("amount").sum())
    rows = rows.join(proposed, on="receipt_id", how="left")
    rows = rows.select(
        "entity_id", "kind", pl.coalesce("payer_id", "customer_id").alias("payer_id"), "currency", "payer_name",
        "payer_account", "remittance", pl.col("proposed").fill_null(0), money_id="receipt_id", amount="unapplied",
        until_on=working_days_after(since, days),
    )  # fmt: skip
    return rows.filter(pl.col("until_on") >= facts.as_of).sort("money_id")


def named_payers(facts: Facts, money: pl.DataFrame, quoted: pl.DataFrame) -> pl.DataFrame:
    """The money with `payer_id` also where no customer stands on it but text, name or account point to one payer."""
    found = whose(facts, money, quoted)
    money = money.join(found, on="money_id", how="left", suffix="_found")
    return money.with_columns(pl.coalesce("payer_id", "payer_id_found")).drop("payer_id_found")


def open_money(facts: Facts) -> pl.DataFrame:
    """`waiting` with `payer_id` wherever the receipt bears one, points to one or a match proposes one, and `free`: the
    amount, but 0 where matches use it up to the cent on whole items: it holds these alone (`_placed`).
    """
    money = waiting(facts).join(_placed(facts), on="money_id", how="left", maintain_order="left")
    money = money.with_columns(free=pl.when("_placed").then(0).otherwise("amount")).drop("_placed")
    if money.is_empty():
        return money
    money = named_payers(facts, money, quotes(facts.overdue, money))
    # A match may pay items of several payers: it tells of one only where it names no other.
    one = _proposed(facts).filter(pl.col("payer_id").n_unique().over("money_id") == 1)
    rows = money.join(one, on="money_id", how="left", suffix="_proposed", maintain_order="left")
    return rows.with_columns(pl.coalesce("payer_id", "payer_id_proposed")).drop("payer_id_proposed")


def _placed(facts: Facts) -> pl.DataFrame:
    """money_id, _placed (true): receipts that proposed matches use up to the cent, each item whole, and surely so.

    Of a hundred open items many subsets add up to the cent: where the match itself is in doubt, the payer may have paid
    others.
    """
    taken = facts.known.proposals.join(facts.items.select("item_id", "open"), on="item_id", how="left")
    sums = taken.group_by(money_id="receipt_id").agg(
        _taken=pl.col("amount").sum(), _whole=(pl.col("amount") == pl.col("open")).fill_null(False).all(),
        _sure=(pl.col("confidence").fill_null(1.0) >= _SURE).all(),
    )  # fmt: skip
    rows = facts.unapplied.select(money_id="receipt_id", left="unapplied").join(sums, on="money_id")
    whole = pl.col("_whole") & pl.col("_sure") & (pl.col("_taken") == pl.col("left"))
    return rows.filter(whole).select("money_id", _placed=pl.lit(value=True))


def _proposed(facts: Facts) -> pl.DataFrame:
    """money_id, payer_id: the payers whose items matches propose."""
    taken = facts.known.proposals.filter(pl.col("amount") > 0).select("item_id", money_id="receipt_id")
    return taken.join(facts.items.select("item_id", "payer_id"), on="item_id").select("money_id", "payer_id").unique()


def perhaps(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """money_id, payer_id: the few payers whose money it may be where nothing points to one alone.

    Whom its matches or its account name beside others, whose number ends like the one that it quotes, whose name's
    words begin like words of the text (banks and people cut both), whose earlier money bore a word of it.
    """
    told = [
        _proposed(facts), quotes(facts.items, money, _FEW).select("money_id", "payer_id"), _by_account(facts, money),
        _by_name(facts, money), _by_beginning(facts, money), _by_earlier_words(facts, money),
    ]  # fmt: skip
    few = [rows.unique().filter(pl.len().over("money_id") <= _FEW) for rows in told]
    found = pl.concat(few).unique().join(money.select("money_id"), on="money_id", how="semi")
    return found.sort("money_id", "payer_id")


def quotes(items: pl.DataFrame, money: pl.DataFrame, payers: int = 1) -> pl.DataFrame:
    """money_id, item_id: items whose number a receipt's text bears, whole or as its last digits.

    `items`: item_id, payer_id, number. `money`: money_id, remittance. Digits that items of more than so many `payers`
    end in say nothing.
    """
    digits = pl.col("number").str.replace_all(r"\D", "")
    last = pl.col("number").str.extract(r"(\d+)\D*$")
    keys = pl.concat([items.select("item_id", "payer_id", key=key) for key in (digits, last)])
    keys = keys.filter(pl.col("key").str.len_chars() >= _DIGITS).unique()
    keys = keys.filter(pl.col("payer_id").n_unique().over("key") <= payers)
    text = pl.col("remittance").fill_null("")
    whole = text.str.split(" ").list.eval(pl.element().str.replace_all(r"\D", ""))
    runs = text.str.extract_all(r"\d+")
    told = money.select("money_id", key=pl.concat_list(whole, runs)).explode("key").drop_nulls()
    return told.unique().join(keys, on="key").select("money_id", "item_id", "payer_id").unique()


def whose(facts: Facts, money: pl.DataFrame, quoted: pl.DataFrame) -> pl.DataFrame:
    """money_id, payer_id: the one payer that text, name or account of a receipt point to.

    `money`: money_id, payer_name, payer_account, remittance. `quoted`: see `quotes`.
    """
    found = [quoted.select("money_id", "payer_id"), _by_account(facts, money), _by_name(facts, money)]
    for place, rows in enumerate(found):
        one = rows.unique().filter(pl.len().over("money_id") == 1).with_columns(rank=pl.lit(place))
        found[place] = one
    return pl.concat(found).sort("money_id", "rank").unique("money_id", keep="first", maintain_order=True).drop("rank")


def _by_account(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The payer whose account it is known to be, or whose items the account's earlier money paid."""
    sent = money.filter(pl.col("payer_account").is_not_null()).select("money_id", "payer_account")
    aliases = facts.book.payer_aliases.filter(pl.col("kind") == "iban").select("customer_id", payer_account="value")
    before = facts.book.receipts.join(sent.select("payer_account").unique(), on="payer_account", how="semi")
    paid = facts.book.allocations.filter(pl.col("kind") == "cash").select("receipt_id", "item_id")
    lettered = before.select("receipt_id", "payer_account").join(paid, on="receipt_id")
    lettered = lettered.join(facts.book.items.select("item_id", "customer_id"), on="item_id")
    known = pl.concat([aliases, lettered.select("customer_id", "payer_account")]).unique()
    known = known.join(facts.payers, on="customer_id").select("payer_id", "payer_account").unique()
    return sent.join(known, on="payer_account").select("money_id", "payer_id")


def _by_name(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The payer whose name (without its legal form) the sender or the text bears."""
    names = facts.book.customers.select("customer_id", name=_plain("name"))
    names = names.filter(pl.col("name").str.len_chars() >= _LETTERS).join(facts.payers, on="customer_id")
    names = names.filter(pl.col("payer_id").n_unique().over("name") == 1).select("name", "payer_id").unique()
    told = money.select("money_id", _text=_TEXT).with_columns(_text=_plain("_text"))
    patterns = names["name"].to_list()
    if not patterns or told.is_empty():
        return pl.DataFrame(schema={"money_id": pl.String, "payer_id": pl.String})
    hits = (
        told.select("money_id", name=pl.col("_text").str.extract_many(patterns, overlapping=True))
        .explode("name")
        .drop_nulls()
    )
    # Of names inside each other the longest is meant.
    longest = pl.col("name").str.len_chars() == pl.col("name").str.len_chars().max().over("money_id")
    return hits.filter(longest).join(names, on="name").select("money_id", "payer_id")


def _by_beginning(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The payers whose name's words begin like words of the sender or the text; of several those with most letters."""
    told = money.select("money_id", _text=_TEXT).select("money_id", said=_words("_text")).explode("said").drop_nulls()
    told = told.filter(pl.col("said").str.len_chars() >= _WORD).unique()
    names = facts.book.customers.select("customer_id", word=_words("name")).explode("word").drop_nulls().unique()
    names = names.join(facts.payers, on="customer_id")
    # Words first, each once: a common one stands in thousands of names.
    said, word = (
        frame.select(name, key=pl.col(name).str.slice(0, _WORD)).unique()
        for frame, name in ((told, "said"), (names, "word"))
    )
    begin = said.join(word, on="key").filter(pl.col("word").str.starts_with(pl.col("said"))).drop("key")
    # Whose it may be is said by a word that few bear; what many bear only adds letters.
    rare = begin.join(names, on="word").filter(pl.col("customer_id").n_unique().over("said") <= _RARE)
    asked = told.join(rare.select("said", "customer_id", "payer_id").unique(), on="said")
    asked = asked.select("money_id", "customer_id", "payer_id").unique()
    pairs = asked.join(names.drop("payer_id"), on="customer_id").join(begin, on="word")
    pairs = pairs.join(told, on=["money_id", "said"], how="semi")
    letters = pairs.group_by("money_id", "payer_id", "customer_id", "word").agg(pl.col("said").str.len_chars().max())
    whole = letters.group_by("money_id", "payer_id", "customer_id").agg(letters=pl.col("said").sum())
    like = whole.filter(pl.col("letters") >= _BEGINNING)
    best = like.filter(pl.col("letters") == pl.col("letters").max().over("money_id"))
    return best.select("money_id", "payer_id").unique()


def _by_earlier_words(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The few payers whose lettered money of a year bore a word of the text: a treasury pays for towns not named."""
    said = _said(money.rename({"money_id": "receipt_id"}))
    late = facts.book.receipts.filter(
        (pl.col("origin") == "bank") & (pl.col("booked_on") >= facts.as_of - timedelta(days=_EARLIER_DAYS))
    )
    before = _said(late).join(said.select("word").unique(), on="word")
    paid = facts.book.allocations.filter(pl.col("kind") == "cash").select("receipt_id", "item_id")
    owner = facts.book.items.select("item_id", "customer_id").join(facts.payers, on="customer_id")
    lettered = before.join(paid, on="receipt_id").join(owner, on="item_id").select("word", "payer_id").unique()
    few = lettered.filter(pl.len().over("word") <= _FEW)
    return said.join(few, on="word").select("payer_id", money_id="receipt_id").select("money_id", "payer_id").unique()


def _said(receipts: pl.DataFrame) -> pl.DataFrame:
    """receipt_id, word: the words of sender and text that are long enough to be a name."""
    rows = receipts.select("receipt_id", _text=_TEXT).select("receipt_id", word=_words("_text")).explode("word")
    letters = pl.col("word").str.contains(r"^[A-Z]+$") & (pl.col("word").str.len_chars() >= _BEGINNING)
    return rows.drop_nulls().filter(letters).unique()


def _words(column: str) -> pl.Expr:
    """The words of a text in capitals without accents, legal forms left out."""
    upper = pl.col(column).str.to_uppercase().str.normalize("NFKD").str.replace_all(r"[^A-Z0-9 \-'.]", "")
    return upper.str.replace_all(_LEGAL, "").str.extract_all(r"[A-Z0-9]+")


def _plain(column: str) -> pl.Expr:
    upper = pl.col(column).str.to_uppercase().str.normalize("NFKD").str.replace_all(r"[^A-Z0-9 ]", "")
    return upper.str.replace_all(_LEGAL, "").str.replace_all(" ", "")
