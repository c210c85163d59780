"""Encours: from a company's own files to a receivables book it can see, search and trust."""

__version__ = "0.1.0"
