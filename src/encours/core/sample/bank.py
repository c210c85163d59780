"""The company's banks: which account receives what, deposits as one line, money out, monthly statements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from encours.core.sample import identity
from encours.core.sample.draws import Ints, Texts, as_days, generator, month_end, month_start, working

#: channel -> (ledger account, bank's name, BIC, five-digit bank code that no bank has, opening balance in cents)
_BANKS = {
    "camt": ("512100", "Banque du Littoral", "BLITFRP1XXX", 19_901, 41_250_000),
    "cfonb140": ("512200", "Crédit des Deux Rives", "CDRVFRP1XXX", 19_902, 16_830_000),
    "mt940": ("512300", "Caisse Hanséatique de Lorvac", "CHLVFRP1XXX", 19_903, 9_120_000),
    "cfonb31": ("512400", "Comptoir Bancaire du Midi", "CBMIFRP1XXX", 19_904, 5_475_000),
    "ofx": ("512500", "Banque Postale de Valdorne", "BPVDFRP1XXX", 19_905, 2_310_000),
}
_SUPPLIERS = ("Aciers Morlande", "Transports Quévrin", "Énergie du Nord", "Papeteries Salvac", "Loyer SCI Les Tilleuls")
OUT_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Outgoings:
    """Money out: one entry a line; `counter` is the ledger account it is booked against."""

    channel: Texts
    day: Ints
    amount: Ints
    text: Texts
    counter: Texts


def bank_accounts(entity_number: int) -> pl.DataFrame:
    """account, ledger_account, name, bic, channel, opening (cents): one row a bank account of the company."""
    rows = list(_BANKS.items())
    banks = np.array([row[1][3] for row in rows], dtype=np.int64)
    branch = np.array([100 + entity_number % 89 for _ in rows], dtype=np.int64)
    number = np.array([entity_number * 10 + index for index in range(len(rows))], dtype=np.int64)
    return pl.DataFrame(
        {
            "account": identity.ibans(banks, branch, number).tolist(),
            "ledger_account": [row[1][0] for row in rows],
            "name": [row[1][1] for row in rows],
            "bic": [row[1][2] for row in rows],
            "channel": [row[0] for row in rows],
            "opening": [row[1][4] for row in rows],
        }
    )


def pay_out(channel: Texts, day: Ints, amount: Ints, seed: int, last: int) -> Outgoings:
    """Supplier runs each week and wages each month, nine tenths of what came in before them."""
    rng = generator(seed, "outgoings")
    parts: list[tuple[Texts, Ints, Ints, Texts, Texts]] = []
    for word in _BANKS:
        rows = np.flatnonzero(channel == word)
        if not len(rows):
            continue
        end = working(month_end(day[rows]), back=True)
        week = np.minimum(day[rows] + (4 - day[rows]) % 7 + 7, end)
        days, at = np.unique(working(week, back=True), return_inverse=True)
        inflow = np.bincount(at, np.maximum(amount[rows], 0), len(days))
        out = (inflow * OUT_SHARE * rng.uniform(0.8, 1.1, len(days))).astype(np.int64)
        kept = (days <= last) & (out > 1_000)
        days, out = days[kept], out[kept]
        names = rng.integers(0, len(_SUPPLIERS), len(days))
        text = np.array([f"VIR FOURNISSEUR {_SUPPLIERS[n]}".upper() for n in names], dtype=object)
        counter = np.array([f"401{n + 1:03d}" for n in names], dtype=object)
        parts.append((np.full(len(days), word, dtype=object), days, -out, text, counter))
        months = np.unique(month_start(day[rows][day[rows] <= last]))
        ends = working(month_end(months), back=True)
        ends = ends[ends <= last]
        fee = rng.integers(2_500, 9_000, len(ends))
        label = np.full(len(ends), "COMMISSIONS TENUE DE COMPTE", dtype=object)
        parts.append(
            (np.full(len(ends), word, dtype=object), ends, -fee, label, np.full(len(ends), "627800", dtype=object))
        )
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return Outgoings(*joined)


def statements(entity_id: str, accounts: pl.DataFrame, lines: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """One statement a month and account: the Book's `statements`. `lines`: account, booked_on, line_id, amount."""
    months = np.unique(month_start(np.arange(first, last + 1)))
    grid = accounts.select("account", start="opening").join(
        pl.DataFrame({"from_on": as_days(months), "to_on": as_days(np.minimum(month_end(months), last))}), how="cross"
    )
    sums = lines.group_by("account", from_on=pl.col("booked_on").dt.month_start()).agg(
        entries=pl.col("line_id").n_unique().cast(pl.Int64), total=pl.col("amount").sum()
    )
    grid = grid.with_columns(pl.col("from_on").cast(pl.Date).dt.month_start().alias("month"))
    full = grid.join(sums.rename({"from_on": "month"}), on=["account", "month"], how="left", maintain_order="left")
    full = full.with_columns(pl.col("entries", "total").fill_null(0)).sort("account", "from_on")
    closing = pl.col("start") + pl.col("total").cum_sum().over("account")
    return full.with_columns(closing=closing).select(
        statement_id=pl.format("{}:{}:{}", pl.lit(entity_id), "account", pl.col("to_on").dt.strftime("%Y-%m")),
        account="account",
        currency=pl.lit("EUR"),
        from_on="from_on",
        to_on="to_on",
        opening=pl.col("closing") - pl.col("total"),
        closing="closing",
        entries="entries",
        total="total",
        balanced=pl.lit(True),
    )
