"""The book folder: each table of the Book as one .parquet or .csv file, in a folder or a .zip of it."""

from encours.connectors.base.contract import Connector
from encours.connectors.book_folder.read import read, read_book, sniff
from encours.connectors.book_folder.write import write_book

CONNECTOR = Connector(
    name="book_folder",
    title="Book folder (Parquet or CSV)",
    sniff=sniff,
    read=read,
    suffixes=(".parquet", ".csv", ".zip"),
)

__all__ = ["CONNECTOR", "read_book", "write_book"]
