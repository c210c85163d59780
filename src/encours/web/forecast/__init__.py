"""The cash forecast: how much comes, from whom, in which week, and how sure that is."""
