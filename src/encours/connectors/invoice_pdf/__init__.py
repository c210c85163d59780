"""Printed invoices as PDF: numbers that may be theirs, and the digest; a use case ties them to items."""

from encours.connectors.base.contract import Connector
from encours.connectors.invoice_pdf.read import read, sniff

CONNECTOR = Connector(name="invoice_pdf", title="Invoice as PDF", sniff=sniff, read=read, suffixes=(".pdf",))
