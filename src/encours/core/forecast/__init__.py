"""Cash in by week: how much, from whom, and how sure.

Read in this order: `cash` (what of the open items is still to come), `cells` (their distributions on days and weeks),
`shock` (how much payments move together), `draws` and `source` (the money drawn many times), `expected` (means that
add up), `orders` and `invoicing` (what is not invoiced yet), `cash_in`, which makes the `result`; then `scenarios`,
`bridge` (what changed since an earlier forecast) and `accuracy` (what came of past ones).
"""

from encours.core.forecast.accuracy import accuracy
from encours.core.forecast.bridge import bridge
from encours.core.forecast.cash_in import forecast
from encours.core.forecast.result import Forecast
from encours.core.forecast.scenario import Scenario
from encours.core.forecast.scenarios import rules

__all__ = ["Forecast", "Scenario", "accuracy", "bridge", "forecast", "rules"]
