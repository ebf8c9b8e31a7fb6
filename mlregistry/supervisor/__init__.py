"""What `make up` runs: the embedded PostgreSQL and the web, worker and scheduler processes, under one parent."""
