"""Every door's URLs in one place; a prefix /t/<team> is taken off before this table is asked."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from mlregistry import probes, routes

handler400 = "mlregistry.ui.page.bad_request"
handler404 = "mlregistry.ui.page.not_found"
handler500 = "mlregistry.ui.page.server_error"

admin.autodiscover()

table: list[routes.Route] = [
    path("health", probes.health, name="health"),
    path("ping", probes.health, name="ping"),
    path("version", probes.version, name="version"),
    path("metrics", probes.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path(
        "api/v1/",
        include(
            routes.of_modules(
                "serving.api.urls",
                "mlregistry.accounts.api.urls",
                "mlregistry.jobs.api.urls",
                "mlregistry.notices.api.urls",
                "mlregistry.discussions.api.urls",
                "experiments.api.urls",
                "models_app.api.urls",
                "mlregistry.ui.api.urls",
            )
        ),
    ),
    path("", include(routes.of_modules("serving.api.protocol_urls"))),
    path("", include((routes.of_modules("mlregistry.ui.urls"), "ui"))),
    path("", include((routes.of_modules("mlregistry.accounts.web.urls"), "accounts"))),
    path("", include((routes.of_modules("mlregistry.jobs.web.urls"), "jobs"))),
    path("", include((routes.of_modules("mlregistry.notices.web.urls"), "notices"))),
    path("", include((routes.of_modules("mlregistry.discussions.web.urls"), "discussions"))),
    path("", include((routes.of_modules("experiments.web.urls"), "experiments"))),
    path("", include((routes.of_modules("models_app.web.urls"), "models_app"))),
    path("", include((routes.of_modules("serving.web.urls"), "serving"))),
]

urlpatterns = [routes.Remembered(table)]
