"""Reads what a text quotes: whole numbers, digits only, other numbers, and the loose digits left for a closer look."""
