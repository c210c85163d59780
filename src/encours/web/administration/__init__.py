"""Settings: entities, users, roles, delegations, terms, rates."""
