"""Cash application: the clerk's screen, from the first receipt of the day to the last, by keyboard."""
