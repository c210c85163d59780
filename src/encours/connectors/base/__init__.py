"""What connectors share: the contract they keep, and how to open hostile text and XML safely."""
