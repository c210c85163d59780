"""Export to the ERP: what waits, the batches that left, how entries are written."""
