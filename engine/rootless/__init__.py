"""Running as an ordinary user: the user namespace that all fronts of a store share."""
