"""Which receipt writes its references how: shares met, customers' habits kept, lists cut where they are long."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.cast import Cast
from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.plan import MANY_CUSTOMERS, Plan
from benchmarks.matching.profile import CHANNELS, NOISE, Profile, quota_of

NOISE_CODE = {name: place for place, name in enumerate(NOISE)}
#: Styles that a customer keeps; the others happen to anybody.
HABITS = ("exact", "digits", "no_separator", "changed_separator", "short", "other_number")
#: What of a text reaches the file.
CAPACITY = {"camt": 140, "cfonb_140": 140, "mt940": 140, "cfonb_31": 31, "cheque": 31}
_NUMBER_LENGTH = 14  # with what stands between two
#: Cheques seldom bring a reference whatever the drawer's habit.
_CHEQUE_OMITS = 0.7


def make_channels(profile: Profile, plan: Plan, seed: int) -> Ints:
    """The channel of each receipt, a place in CHANNELS; a duplicate comes the way of its original."""
    draws = Draws(seed, "channels")
    channel = draws.dealt([profile.channels[name] for name in CHANNELS], plan.count)
    return _as_original(plan, channel)


def make_noise(profile: Profile, cast: Cast, plan: Plan, channel: Ints, seed: int) -> Ints:
    """How each receipt quotes what it pays, a place in NOISE."""
    draws = Draws(seed, "noise")
    quota = quota_of(profile.noise, plan.count)
    noise = np.full(plan.count, -1, dtype=np.int64)
    alike = plan.among("duplicate")
    # A duplicate has its original's noise, so that the others share what is left of each quota.
    quota = {name: round(number * (1 - alike.mean())) for name, number in quota.items()}
    free = ~alike
    free &= ~_take(noise, plan.among("not_ar"), "nothing", quota)
    free &= ~_take(noise, plan.among("shared_advice"), "count", quota)
    free &= ~_take(noise, plan.among(*MANY_CUSTOMERS), "other_number", quota)
    _lists(noise, free, plan, channel, quota, draws)
    _omissions(noise, free, cast, plan, channel, quota, draws)
    for name in ("slip", "wrong"):
        rows = np.flatnonzero(free & ~plan.among("advance"))
        _give(noise, free, draws.shuffled(rows)[: quota[name]], name)
    _habits(noise, free, profile, plan, quota, draws)
    return _as_original(plan, noise)


def _as_original(plan: Plan, values: Ints) -> Ints:
    rows = plan.rows("duplicate")
    values[rows] = values[plan.earlier[rows]]
    return values


def _take(noise: Ints, which: Bools, name: str, quota: dict[str, int]) -> Bools:
    noise[which] = NOISE_CODE[name]
    quota[name] = max(0, quota[name] - int(which.sum()))
    return which


def _give(noise: Ints, free: Bools, rows: Ints, name: str) -> None:
    noise[rows], free[rows] = NOISE_CODE[name], False


def _lists(noise: Ints, free: Bools, plan: Plan, channel: Ints, quota: dict[str, int], draws: Draws) -> None:
    """Noise that only several references have: lists too long for the channel are cut, or only counted."""
    size = plan.invoices + plan.notes
    fullness = 100 * size * _NUMBER_LENGTH // np.array([CAPACITY[name] for name in CHANNELS])[channel]
    # The longer beside its channel, the surer: what does not fit is cut whatever its label.
    weight = np.array([1, 20, 2_000, 200_000, 20_000_000])[np.searchsorted([80, 95, 105, 120], fullness)]
    quoting = free & (size >= 2)
    order = draws.favoured(np.where(quoting, weight, 0), plan.count)
    order = order[quoting[order]]
    count = quota["count"]
    _give(noise, free, order[:count], "count")
    _give(noise, free, order[count : count + quota["cut"]], "cut")
    one_series = plan.among("many", "credit_notes") & (plan.notes == 0) & (size <= 8)
    for name, least in (("range", 3), ("suffix_list", 2)):
        rows = np.flatnonzero(free & one_series & (size >= least))
        _give(noise, free, draws.shuffled(rows)[: quota[name]], name)


def _omissions(
    noise: Ints, free: Bools, cast: Cast, plan: Plan, channel: Ints, quota: dict[str, int], draws: Draws
) -> None:
    """Receipts without any reference: by the customer's habit, and most cheques."""
    omits = np.append(cast.omits, [0.1] * (len(cast.members) - cast.count + 1))[plan.payer]
    omits = np.where(channel == CHANNELS.index("cheque"), np.maximum(omits, _CHEQUE_OMITS), omits)
    omits = np.where(plan.among("advance"), np.maximum(omits, 0.5), omits)
    order = draws.favoured(np.where(free, omits, 0), plan.count)
    order = order[free[order]]
    _give(noise, free, order[: quota["nothing"]], "nothing")


def _habits(noise: Ints, free: Bools, profile: Profile, plan: Plan, quota: dict[str, int], draws: Draws) -> None:
    """The styles that customers keep. Habits are laid along the customers' receipts so that the shares are met."""
    advance = np.flatnonzero(free & plan.among("advance"))
    _give(noise, free, advance, "other_number")
    quota["other_number"] = max(0, quota["other_number"] - len(advance))
    rows = np.flatnonzero(free)
    if not len(rows):
        return
    shares = np.array([quota[name] for name in HABITS], dtype=np.float64)
    style = np.array([NOISE_CODE[name] for name in HABITS])
    payer = plan.payer[rows]
    # Receipts in the order of a shuffled list of payers: a payer's middle place says which style is his.
    turn = draws.shuffled(np.arange(payer.max() + 2))[payer]
    order = np.argsort(turn, kind="stable")
    place = pl.DataFrame({"turn": turn[order], "place": np.arange(len(rows))})
    middle = place.with_columns(middle=pl.col("place").mean().over("turn"))["middle"].to_numpy()
    ends = np.cumsum(shares / shares.sum()) * len(rows)
    kept = np.minimum(np.searchsorted(ends, middle, side="right"), len(style) - 1)
    drawn = draws.dealt(list(shares), len(rows))
    keeps = draws.chance(profile.style_kept, len(rows))
    noise[rows[order]] = style[np.where(keeps, kept, drawn)]
