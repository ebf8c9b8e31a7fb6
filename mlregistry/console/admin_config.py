"""Django's admin app with our site in it; settings.INSTALLED_APPS names this. urls.py discovers the pages."""

from django.contrib.admin.apps import SimpleAdminConfig


class AdminWithConsole(SimpleAdminConfig):
    default_site = "mlregistry.console.site.ConsoleSite"
