"""The euro reference rates of the European Central Bank, as it publishes them: CSV and XML, one day or all history."""

from encours.connectors.base.contract import Connector
from encours.connectors.ecb_rates.read import read, sniff

CONNECTOR = Connector(
    name="ecb_rates", title="ECB euro reference rates", sniff=sniff, read=read, suffixes=(".csv", ".xml")
)
