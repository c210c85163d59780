"""Cadrage and arrêtés: does the book tie to the ledger, and which months are sealed."""
