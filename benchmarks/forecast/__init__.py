"""Cash forecasts against what came: weeks of a real book, time and memory."""
