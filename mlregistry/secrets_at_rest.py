"""Secrets that must be read again (webhook keys, credentials of data sources), encrypted in the database.

Called by actions. The key is derived from SECRET_KEY, one per purpose; old keys go to SECRET_KEY_FALLBACKS.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mlregistry.errors import Conflict

SALT = b"mlregistry.secrets_at_rest.v1"


def seal(text: str, *, purpose: str) -> str:
    """The text encrypted and authenticated, different each time; only the same purpose opens it."""
    return _box(purpose).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, *, purpose: str) -> str:
    """The text again. Raises Conflict when the server's secret key is not the one it was sealed with."""
    try:
        return _box(purpose).decrypt(sealed.encode("ascii", "replace")).decode()
    except InvalidToken as error:
        raise Conflict(
            "A stored secret cannot be read with this server's secret key; enter it again.", field="secret"
        ) from error


def _box(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(key, purpose)) for key in keys])


def _key(secret: str | bytes, purpose: str) -> bytes:
    material = secret.encode() if isinstance(secret, str) else secret
    derived = HKDF(algorithm=SHA256(), length=32, salt=SALT, info=purpose.encode()).derive(material)
    return base64.urlsafe_b64encode(derived)
