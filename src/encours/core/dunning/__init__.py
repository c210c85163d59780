"""Whom to chase, how and why: scenarios as data, the day's plan, what holds a message back, what an action is worth."""
