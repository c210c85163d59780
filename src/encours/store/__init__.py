"""Floor 2: the facts and the workflow at rest: Django models, and the one place where rows become frames."""
