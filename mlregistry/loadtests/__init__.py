"""Load tests in plain Python: generator, histogram, search for the highest rate. The worker calls them."""
