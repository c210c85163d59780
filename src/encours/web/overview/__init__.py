"""The Overview: what is owed, what is late, what changed."""
