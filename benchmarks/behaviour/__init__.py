"""Payment dates and payer flags against what came: on a real book, a simulated one, small samples; leaks, speed."""
