"""Tasks: what people have to do, who stands in for whom."""
