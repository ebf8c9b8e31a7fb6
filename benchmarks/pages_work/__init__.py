"""Parts of `benchmarks.pages`: the walk through the URL table, the filling, the times."""
