"""FEC, the French ledger export (LPF art. A47 A-1): its receivable accounts become a Book."""

from __future__ import annotations

from encours.connectors.base.contract import Connector
from encours.connectors.fec.layout import sure
from encours.connectors.fec.read import read

CONNECTOR = Connector("fec", "FEC (fichier des écritures comptables)", sure, read, (".txt", ".csv", ".fec"))
