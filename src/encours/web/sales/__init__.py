"""My customers: what sales read of theirs, and what they answer."""
