"""Floor 4: the screens, one folder each."""
