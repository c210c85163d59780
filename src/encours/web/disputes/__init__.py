"""Disputes: what customers contest, who settles it, how old it is, how it ended."""
