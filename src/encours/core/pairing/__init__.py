"""One euro, once: the same money seen in several bank files and in the ledger becomes one receipt."""

from encours.core.pairing.openings import Years, join_years
from encours.core.pairing.pair import Paired, pair_receipts

__all__ = ["Paired", "Years", "join_years", "pair_receipts"]
