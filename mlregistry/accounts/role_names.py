"""Roles by name, as doors receive and show them."""

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid

ROLE_NAMES = {role.label: role for role in Role}


def role_named(name: object) -> Role:
    """The role called viewer, editor or owner; Invalid for anything else."""
    role = ROLE_NAMES.get(name) if isinstance(name, str) else None
    if role is None:
        raise Invalid(f"The role must be one of {', '.join(ROLE_NAMES)}.", field="role")
    return role
