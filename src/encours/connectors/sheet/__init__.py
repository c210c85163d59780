"""Sheets (CSV, TSV, XLSX, XLS, ODS) of any layout: a mapping is proposed, corrected once, and kept per source."""

from encours.connectors.base.contract import Connector
from encours.connectors.sheet.mapping import ColumnMap, Mapping
from encours.connectors.sheet.propose import ColumnProposal, Proposal, propose_mapping
from encours.connectors.sheet.read import read, sniff

CONNECTOR = Connector(
    name="sheet",
    title="Sheet (CSV, XLSX, XLS, ODS)",
    sniff=sniff,
    read=read,
    suffixes=(".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods"),
)

__all__ = ["CONNECTOR", "ColumnMap", "ColumnProposal", "Mapping", "Proposal", "propose_mapping"]
