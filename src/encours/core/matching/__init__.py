"""Which receipt settles which items: proposals with their reasons; nothing is posted here."""

from encours.core.matching.propose import Proposals, propose

__all__ = ["Proposals", "propose"]
