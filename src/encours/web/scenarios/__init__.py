"""Scenarios: their steps on a time line, whom they are for, how they would have done, and experiments."""
