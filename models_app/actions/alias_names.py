"""Names that an alias may have. Called by whatever takes one."""

import re

from mlregistry.errors import Invalid

NAME = re.compile(r"[\w-]+")
LONGEST_NAME = 255
LIKE_A_NUMBER = re.compile(r"[vV]\d+")
RESERVED = frozenset({"latest"})


def check_form(name: str) -> None:
    """Invalid for a name that no alias can have."""
    if not NAME.fullmatch(name):
        raise Invalid(
            f"Invalid alias name: '{name[:300]}'. An alias is made of letters, digits, hyphens and underscores:"
            " names may only contain alphanumerics, underscores (_), and dashes (-).",
            field="alias",
        )
    if len(name) > LONGEST_NAME:
        raise Invalid(
            f"The alias name exceeds the maximum length of {LONGEST_NAME} characters.", field="alias"
        )


def check_name(name: str) -> None:
    """Invalid too for a name that reads like a version."""
    check_form(name)
    if name.lower() in RESERVED:
        raise Invalid(f"'{name}' alias name (case insensitive) is reserved.", field="alias")
    if LIKE_A_NUMBER.fullmatch(name):
        raise Invalid(f"Version alias name '{name}' is reserved: it reads like a version.", field="alias")
