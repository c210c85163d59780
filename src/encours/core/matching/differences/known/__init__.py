"""One file a cause of differences."""
