"""What scoring live answers again has shown: counted with the version; a form that was wrong serves no more."""

import logging
from collections.abc import Mapping

from django.db.models import F

from mlregistry.accounts.actor import Actor
from models_app.actions.compilations import drop_compilation
from models_app.models import Compilation
from serving.hotpath.rescoring import Rescored

logger = logging.getLogger(__name__)


def add_rescored(counts: Mapping[int, Rescored]) -> None:
    """Adds to the rows that all processes share. A version whose form differed goes back to its native model."""
    for version_id, one in counts.items():
        Compilation.objects.filter(version_id=version_id).update(
            n_rescored=F("n_rescored") + one.n_rescored, n_mismatches=F("n_mismatches") + one.n_mismatches
        )
        if one.n_mismatches:
            _fall_back(version_id)


def _fall_back(version_id: int) -> None:
    rows = Compilation.objects.select_related("version__model__team").exclude(file=None)
    found = rows.filter(version_id=version_id).first()
    if found is not None:
        logger.error("%s is served by its native model from now on", found.version)
        drop_compilation(found.version, by=Actor.system(found.version.model.team))
