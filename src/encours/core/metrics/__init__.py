"""Figures of the receivables on any day: ageing, DSO, CEI, lateness, concentration, exposure; one file a measure."""

from encours.core.metrics.ageing import Ageing, aged_balance, ageing
from encours.core.metrics.figure import Figure
from encours.core.metrics.scope import Scope

__all__ = ["Ageing", "Figure", "Scope", "aged_balance", "ageing"]
