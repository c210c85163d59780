"""Signals: which customers changed, and whom to leave alone."""
