"""E-invoices: UBL, CII, and Factur-X or ZUGFeRD inside a PDF, become items with their original beside them."""

from encours.connectors.base.contract import Connector
from encours.connectors.einvoice.read import confirm, read, sniff

CONNECTOR = Connector(
    name="einvoice",
    title="E-invoice (UBL, CII, Factur-X, ZUGFeRD)",
    sniff=sniff,
    read=read,
    suffixes=(".xml", ".pdf"),
    confirm=confirm,
)
