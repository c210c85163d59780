"""Receipts: lines with their state and proposals."""
