"""Trust: what posts by itself, what is promised of it and on what, what is audited, and the way back."""
