"""`python -m mlregistry.supervisor`: what `make up` runs."""

import sys

from mlregistry.supervisor.run import up

sys.exit(up())
