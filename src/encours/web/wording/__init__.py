"""Templates of messages: read, changed with a preview on a real customer, saved only when sound."""
