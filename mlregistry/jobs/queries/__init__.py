"""Reading jobs and their logs."""
