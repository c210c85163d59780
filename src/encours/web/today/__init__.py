"""Today: the worklist of whoever chases, acted on in place, with the figures of each collector and of the team."""
