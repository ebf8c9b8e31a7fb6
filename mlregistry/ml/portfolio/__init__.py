"""What "Just train it" tries and in which order: families, starting points, the plan of a budget, proposals."""
