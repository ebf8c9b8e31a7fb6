"""What `make up` runs: the embedded PostgreSQL, web, worker and scheduler processes under one parent."""
