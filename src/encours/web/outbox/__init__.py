"""The outbox: what waits to be confirmed, what is held and why, what left, failed or is uncertain."""
