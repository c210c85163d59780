"""What of a text reaches the file: cut and broken as camt, CFONB, MT940 and cheques do."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.noise import CAPACITY, NOISE_CODE
from benchmarks.matching.plan import Plan
from benchmarks.matching.profile import CHANNELS

#: Records of 70 characters, sub-fields of 27: a word that reaches across is broken by a blank.
LINE = {"cfonb_140": 70, "mt940": 27}
#: Longest text of each channel, the blanks between its lines included.
LONGEST = {name: room + (room - 1) // LINE.get(name, room) for name, room in CAPACITY.items()}


def capacity_of(channel: Ints) -> Ints:
    """How many characters of a text each receipt's channel takes."""
    return np.array([CAPACITY[name] for name in CHANNELS])[channel]


def through_channels(plan: Plan, texts: pl.Series, channel: Ints, noise: Ints, seed: int) -> tuple[pl.Series, Bools]:
    """The texts as they stand in the files, and which of them lost characters."""
    draws = Draws(seed, "channels-cut")
    length = texts.str.len_chars().to_numpy().astype(np.int64)
    room = capacity_of(channel)
    # What is labelled cut loses part of its list even where the channel had room: forms of payers are short, too.
    shorter = np.maximum(length * draws.between(40, 80, plan.count) // 100, 12)
    room = np.where(noise == NOISE_CODE["cut"], np.minimum(room, shorter), room)
    # A duplicate went through the same form and the same bank as its original.
    again = np.where(plan.among("duplicate"), plan.earlier, np.arange(plan.count))
    room = room[again]
    frame = pl.DataFrame({"text": texts, "room": room, "channel": np.array(CHANNELS)[channel]})
    kept = pl.col("text").str.head(pl.col("room"))
    for name, width in LINE.items():
        broken = kept.str.replace_all(f"(.{{{width}}})", "${1}\n").str.strip_chars("\n").str.replace_all("\n", " ")
        kept = pl.when(pl.col("channel") == name).then(broken).otherwise(kept)
    return frame.select(text=kept.str.strip_chars())["text"], length > room
