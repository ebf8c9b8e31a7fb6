"""Statistics of A/B tests on sums over units: effects, sequences, tests, chances, shares, plans. No Django."""
