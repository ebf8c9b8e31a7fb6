"""Models that come from outside: told apart by name, opened in a jail, described, and turned into a closed form."""
