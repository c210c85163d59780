"""Full lists of open items: what one says by what it leaves out, and when it is not to be believed."""
