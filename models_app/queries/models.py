"""Models and versions with what belongs to them, in a fixed number of queries. For API, pages, admin."""

from django.db.models import Count, F, Max, Prefetch, QuerySet

from models_app.models import Alias, ModelVersion, RegisteredModel


def with_latest(models: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Each with `n_versions`, `latest_number` and its aliases with their versions."""
    aliases = Alias.objects.select_related("version").order_by("name")
    return (
        models.select_related("problem")
        .annotate(n_versions=Count("versions", distinct=True), latest_number=Max("versions__number"))
        .prefetch_related(Prefetch("aliases", aliases))
    )


def with_details(versions: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """Each with its files, its aliases and `n_endpoints`, the number of endpoints that serve it."""
    return (
        versions.select_related("model", "run", "created_by", "intake")
        .prefetch_related("files__file", "aliases")
        .annotate(n_endpoints=Count("variants__endpoint", distinct=True), model_name=F("model__name"))
    )
