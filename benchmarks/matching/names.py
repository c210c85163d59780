"""Synthetic names, and how each bank account spells its holder's name."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.draws import Draws, Ints

_SYLLABLES = (
    "KOR VAL TAR MEL NOR BRI SOL DUR PEL GAN LIM ROS FAB CAR JUN OST VER ZEL HUB MAR QUI TRO BEL DAN",
    "VA RI LO MI TE NA DU SE PO GA LI RE FO CA BO MU",
    "LIN DOR MAX TEL NEX RAN VIS GOR SEN DAL PON RIEL MONT VAR TIS BERG",
)
_ALL_TRADES = (
    "TRANSPORTS BATIMENT DISTRIBUTION MECANIQUE ELECTRICITE PLASTIQUES LOGISTIQUE MENUISERIE EMBALLAGES "
    "FOURNITURES NEGOCE TEXTILES AGENCEMENT INGENIERIE IMPRIMERIE NETTOYAGE CHAUFFAGE BOISSONS"
)
_TRADES = _ALL_TRADES.split()
_FORMS = ["SARL", "SAS", "SA", "EURL", "SNC"]
_BODIES = ["COMMUNE DE", "CC DE", "SYNDICAT DE", "LYCEE DE", "CH DE", "EHPAD DE"]


def words(draws: Draws, count: int) -> pl.Series:
    """Made-up words of three syllables."""
    parts = [np.array(part.split()) for part in _SYLLABLES]
    syllables = [part[draws.below(len(part), count)] for part in parts]
    return pl.Series(np.char.add(np.char.add(syllables[0], syllables[1]), syllables[2]))


def company_names(draws: Draws, public: np.ndarray) -> pl.DataFrame:
    """word, trade, form and name: companies have a legal form, public bodies (`public`) a kind before their place."""
    count = len(public)
    frame = pl.DataFrame(
        {
            "word": words(draws, count),
            "trade": np.array(_TRADES)[draws.below(len(_TRADES), count)],
            "form": np.array(_FORMS)[draws.pick([0.4, 0.35, 0.12, 0.08, 0.05], count)],
            "body": np.array(_BODIES)[draws.below(len(_BODIES), count)],
            "public": public,
        }
    )
    company = pl.format("{} {} {}", "word", "trade", "form")
    return frame.with_columns(name=pl.when("public").then(pl.format("{} {}", "body", "word")).otherwise(company))


def spelled(names: pl.DataFrame, style: Ints, draws: Draws) -> pl.Series:
    """The name as the account's bank writes it, null where left empty; `style` is a place in `profile.IDENTITY`."""
    count = names.height
    other = words(draws, count)
    frame = names.with_columns(
        style=pl.Series(style),
        other=other,
        keep=pl.Series(draws.between(18, 27, count)),
        at=pl.Series(draws.below(5, count)),
        letter=pl.Series(np.array(list("AEIORSTLN"))[draws.below(9, count)]),
    )
    full, bare = pl.col("name"), pl.format("{} {}", "word", "trade")
    bare = pl.when("public").then(full).otherwise(bare)
    turned = pl.when("public").then(pl.format("{} {}", "word", "body")).otherwise(pl.format("{} {}", "trade", "word"))
    short = full.str.split(" ").list.eval(pl.element().str.head(4)).list.join(" ")
    wrong = pl.concat_str(full.str.head(pl.col("at")), "letter", full.str.slice(pl.col("at") + 1))
    ways = [
        full,
        bare,
        pl.when("public").then(full).otherwise(pl.format("{} {} {}", "form", "word", "trade")),
        full.str.head(pl.col("keep")),
        short,
        full.str.to_titlecase(),
        wrong,
        turned,
        pl.format("{} {}", "other", "trade"),
    ]
    said = pl.lit(None, dtype=pl.String)
    for place, way in enumerate(ways):
        said = pl.when(pl.col("style") == place).then(way).otherwise(said)
    return frame.select(said=said)["said"]


def ibans(draws: Draws, count: int) -> pl.Series:
    """French-looking IBANs with right check digits, of banks that do not exist (their code begins with 99)."""
    bank = 99_000_000 + draws.below(1_000_000, count)
    middle, last = draws.below(100_000_000, count), draws.below(10_000_000, count)
    rest = (bank % 97 * 100_000_000 + middle) % 97
    rest = (rest * 10_000_000 + last) % 97
    check = 98 - (rest * 1_000_000 + 152_700) % 97
    parts = pl.DataFrame({"check": check, "bank": bank, "middle": middle, "last": last}).with_columns(
        pl.col("check").cast(pl.String).str.zfill(2),
        pl.col("middle").cast(pl.String).str.zfill(8),
        pl.col("last").cast(pl.String).str.zfill(7),
    )
    return parts.select(iban=pl.format("FR{}{}{}{}", "check", "bank", "middle", "last"))["iban"]
