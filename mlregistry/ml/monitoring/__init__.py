"""What is said about a model that is at work: its quality before the truth is known."""
