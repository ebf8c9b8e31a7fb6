"""Tags of pages that show what people wrote: {% discussion thing %}, {% prose text %}, and a filter for many texts."""

from typing import Any

from django import template
from django.db.models import Model
from django.utils.safestring import SafeString

from mlregistry.discussions import prose as prose_module
from mlregistry.discussions.nouns import of_row
from mlregistry.discussions.prose import Known
from mlregistry.discussions.shown import part

register = template.Library()


@register.inclusion_tag("discussions/on_page.html", takes_context=True)
def discussion(context: template.Context, row: Model) -> dict[str, Any]:
    """The comments on a row that the page got through access, with the script that keeps them new."""
    request, actor = context["request"], context["actor"]
    return {**part(request, of_row(row), actor), "request": request, "actor": actor}


@register.simple_tag(takes_context=True)
def prose(context: template.Context, text: str) -> SafeString:
    """Markdown in which addresses of this server unfold and members are marked."""
    return prose_module.html(text, prose_module.known_on(context["request"], [text], context["actor"]))


@register.filter
def prose_with(text: str, known: Known) -> SafeString:
    """The same with what was read for all texts of the page."""
    return prose_module.html(text, known)
