"""What `bank` does with one bank line's texts, done with a column of them.

A text costs nothing where it needs nothing: columns are first asked whether any of their texts is out of the ordinary.
"""

from __future__ import annotations

import polars as pl

from encours.connectors.base.accounts import normal_account
from encours.connectors.base.bank import NO_REFERENCE, TEXT_MAX, clean
from encours.core.base.money import EXPONENTS

#: What `clean` would change but for the length: another blank than a space, a control character, two spaces, an edge.
_UNCLEAN = r"[^\S ]|\p{Cc}|  |^ | $|^$"
#: What `normal_account` would change, or cut.
_NO_ACCOUNT = r"[^0-9A-Z]|^$|.{65}"
#: Up to a hundred billion units, so that the minor units of many of them are summed in 64 bits.
_AMOUNT = r"^-?[0-9]{1,11}(?:\.[0-9]{1,4})?$"
_AMOUNT_PLACES = 4
_DAY = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"


def cleaned(texts: pl.Series, limit: int = TEXT_MAX) -> pl.Series:
    """The texts as `clean` gives them."""
    odd = texts.str.contains(_UNCLEAN) | (texts.str.len_bytes() > limit)
    return _mended(texts, odd, [clean(text, limit) for text in texts.filter(odd)])


def references(texts: pl.Series) -> pl.Series:
    """The texts as `reference` gives them: null where they refer to nothing."""
    bare = cleaned(texts, 140)
    return bare.set(bare.str.to_uppercase().is_in(list(NO_REFERENCE)), None)


def accounts(texts: pl.Series) -> pl.Series:
    """The texts as `normal_account` gives them, 64 characters at most; null where nothing is left."""
    odd = texts.str.contains(_NO_ACCOUNT)
    return _mended(texts, odd, [normal_account(text)[:64] or None for text in texts.filter(odd)])


def _mended(texts: pl.Series, odd: pl.Series, mended: list[str | None]) -> pl.Series:
    return texts.scatter(odd.arg_true(), pl.Series(mended, dtype=pl.String)) if mended else texts


def day(text: str) -> pl.Expr:
    """The day of a column of ISO dates and time stamps: their first ten characters; null where these are no day."""
    ten = pl.when(pl.col(text).str.contains(_DAY)).then(pl.col(text).str.slice(0, 10))
    return ten.str.to_date("%Y-%m-%d", strict=False)


def minor_units(amount: str, currency: str) -> pl.Expr:
    """A column of amounts (texts with a point, signed) in minor units of its currency's column.

    Null where the text is none such or too large, the currency is none, or the amount is finer than its minor unit: who
    calls has a slower way for those.
    """
    plain = pl.when(pl.col(amount).str.contains(_AMOUNT)).then(pl.col(amount))
    fine = plain.str.to_decimal(scale=_AMOUNT_PLACES).to_physical().cast(pl.Int64)
    scales = {code: 10 ** (_AMOUNT_PLACES - places) for code, places in EXPONENTS.items()}
    scale = pl.col(currency).replace_strict(scales, default=None, return_dtype=pl.Int64)
    return pl.when(fine % scale == 0).then(fine // scale)
