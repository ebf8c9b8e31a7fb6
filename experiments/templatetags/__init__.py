"""Template filters of the pages of experiments."""
