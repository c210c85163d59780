"""One invoice, once: the same item told by a ledger, an open-items list and an e-invoice is one item."""
