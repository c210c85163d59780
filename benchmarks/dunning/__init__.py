"""Bars of dunning, each a command."""
