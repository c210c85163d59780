"""What each bank's channel leaves of a payment: which text, which name, which references reach the statement."""

from __future__ import annotations

import polars as pl

#: Characters that a channel carries of the payer's text, of a name and of a label.
TEXT_MAX, NAME_MAX, LABEL_MAX = 140, 70, 31
OFX_NAME_MAX = 32


def through_channel(receipts: pl.DataFrame) -> pl.DataFrame:
    """Receipts as their bank tells them.

    `receipts`: channel, kind, amount, remittance?, payer_name? (as the payer's account bears it), flat_name? (the same
    in capitals without accents), end_to_end_id?, value_on.

    camt keeps all. CFONB with complements puts the name into the label before the text, without them it has 31
    characters for both. MT940 keeps SWIFT's letters. OFX has a short name and neither references nor value days.
    Cheque deposits and card payments name nobody.
    """
    channel, text = pl.col("channel"), pl.col("remittance").str.strip_chars()
    text = pl.when(text != "").then(text)
    nameless = pl.col("kind").is_in(["cheque", "card"])
    flat = pl.when(~nameless).then("flat_name")
    money_in = pl.col("amount") > 0
    label = pl.concat_str([pl.lit("VIR"), flat], separator=" ", ignore_nulls=True).str.slice(0, LABEL_MAX)
    labelled = pl.concat_str([label.str.strip_chars(), text.str.slice(0, TEXT_MAX)], separator=" ", ignore_nulls=True)
    narrow = pl.concat_str([pl.lit("VIR"), flat, text], separator=" ", ignore_nulls=True).str.slice(0, LABEL_MAX)
    short_name = pl.coalesce(flat, text, pl.lit("VIREMENT")).str.slice(0, OFX_NAME_MAX).str.strip_chars()
    ofx_text = (
        pl.when(flat.is_null())
        .then(short_name)
        .otherwise(pl.concat_str([short_name, text], separator=" ", ignore_nulls=True))
    )
    ofx = channel == "ofx"
    return receipts.with_columns(
        remittance=pl.when(channel == "cfonb140")
        .then(pl.when(money_in).then(labelled).otherwise(text.str.slice(0, LABEL_MAX)))
        .when(channel == "cfonb31")
        .then(pl.when(money_in).then(narrow).otherwise(text.str.slice(0, LABEL_MAX)))
        .when(ofx)
        .then(ofx_text)
        .when(channel == "mt940")
        .then(pl.coalesce(text.str.slice(0, TEXT_MAX), pl.lit("VIREMENT")))
        .otherwise(text.str.slice(0, TEXT_MAX))
        .str.strip_chars(),
        payer_name=pl.when(channel == "camt")
        .then(pl.when(~nameless).then("payer_name"))
        .when(channel.is_in(["cfonb140", "mt940"]))
        .then(flat.str.slice(0, NAME_MAX))
        .when(ofx)
        .then(short_name),
        end_to_end_id=pl.when(~channel.is_in(["cfonb31", "ofx"])).then("end_to_end_id"),
        value_on=pl.when(~ofx).then("value_on"),
    )
