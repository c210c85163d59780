"""One item and its life."""
