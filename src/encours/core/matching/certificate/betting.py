"""A bound on a weighted share, such as the share of money that is wrong, that holds for any spread of the weights.

A binomial bound counts receipts; money is uneven, and so is a sample in which some receipts were more likely to be
drawn. Say `size` is a receipt's weight over the largest weight that is allowed. The share wrong is E[size × wrong] /
E[size], so it is at least s exactly where E[size × (s − wrong)] ≤ 0, and then no bet on the contrary gains in the
mean: the capital ∏ (1 + b × size × (s − wrong)), 0 < b ≤ 1, has mean 1 at most, and so has an average of such
capitals. By Markov's inequality it reaches 1/delta with chance delta at most; then the share is below s. I.
Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, J. R. Statist. Soc. B 86 (2024);
the average over fixed bets is their method of mixtures, and the answer does not depend on the order of the receipts.
Hoeffding's or Bentkus's bound would hold, too, but they do not gain from the rarity of errors where weights are
uneven.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: The bets and their part of the capital. The whole stake is the best bet where nothing is wrong (it then needs as
#: many receipts as the binomial does), a part of it where the error rate is that part below the target.
_BETS = ((1.0, 0.5), (0.9, 0.125), (0.75, 0.125), (0.5, 0.125), (0.25, 0.125))
_STEPS = 50


def log_evidence(size: Floats, wrong: Bools, target: float) -> float:
    """The log of the evidence that the share wrong is below `target`; above log(1/delta) it is proven at 1 − delta.

    `size` lies in 0..1 and its scale must not be chosen by looking at `wrong`. An empty sample has no evidence: 0.
    """
    gain = size * (target - wrong)
    logs = [np.log(part) + float(np.log1p(bet * gain).sum()) for bet, part in _BETS]
    return float(np.logaddexp.reduce(logs))


def upper_share(size: Floats, wrong: Bools, delta: float) -> float:
    """The least share that the evidence excludes: with chance 1 − delta at least the true share is not above it."""
    goal = -np.log(delta)
    if log_evidence(size, wrong, 1.0) < goal:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if log_evidence(size, wrong, middle) >= goal else (middle, high)
    return high
