"""The demonstration: three finished problems and an endpoint. The first start calls `ensure_demo`."""

from mlregistry import env
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue

KIND = "accounts.demo"


def ensure_demo() -> Job | None:
    """The job that builds it in the first owner's team; None when it was built before or is not wanted."""
    owner = User.objects.filter(is_superuser=True).select_related("default_team").order_by("pk").first()
    if not env.flag("MLREGISTRY_DEMO", default=True) or owner is None or owner.default_team is None:
        return None
    if Job.objects.filter(kind=KIND).exists():
        return None
    team = owner.default_team
    by = Actor.system(team, user=owner)
    args = {"team_id": team.pk, "user_id": owner.pk}
    return enqueue(KIND, args=args, team=team, title="Build the demonstration", by=by)
