"""One customer: identity, balance, items, payments, timeline."""
