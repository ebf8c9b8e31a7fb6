"""One story per kind of problem, from the problem to a prediction, told to a running server."""
