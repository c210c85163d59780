"""Customers: the dense table of positions."""
