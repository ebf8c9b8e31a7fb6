"""What a table is expected to be: the contract, its checks, and how one version differs from the one before."""
