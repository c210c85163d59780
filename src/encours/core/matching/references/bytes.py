"""Texts as one run of bytes with the places where each begins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.numbers import clean


class Texts(NamedTuple):
    """`data`: all texts in UTF-8, one after the other; text n reaches from `start[n]` to `start[n + 1]`."""

    data: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int64]


def cleaned(texts: pl.Series) -> pl.Series:
    """Upper case, and compatibility forms folded where there are any: most texts are plain and need no folding."""
    odd = (texts.str.len_bytes() != texts.str.len_chars()).fill_null(False)
    upper = texts.str.to_uppercase()
    if not odd.any():
        return upper
    places = odd.arg_true()
    folded = texts.gather(places).to_frame("text").select(clean(pl.col("text")))["text"]
    return upper.scatter(places, folded)


def make_texts(texts: pl.Series) -> Texts:
    """A column of texts, cleaned; null is empty."""
    filled = texts.fill_null("")
    whole = _whole(filled)
    if whole.isascii():  # most columns are: nothing is folded, and one text becomes upper case sooner than millions
        whole = whole.upper()
    else:
        filled = cleaned(filled)
        whole = _whole(filled)
    start = np.zeros(len(filled) + 1, dtype=np.int64)
    np.cumsum(filled.str.len_bytes().cast(pl.Int64).to_numpy(), out=start[1:])
    return Texts(np.frombuffer(bytearray(whole.encode()), dtype=np.uint8), start)


def _whole(texts: pl.Series) -> str:
    """All texts, one after the other."""
    return (texts.str.join("").item() or "") if len(texts) else ""
