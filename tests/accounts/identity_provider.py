"""A small OpenID Connect provider, run as a process of its own: discovery, JWKS, code with PKCE, RS256, user info.

`POST /control` says who signs in next and what goes wrong with the answer. `python identity_provider.py PORT`.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "mlregistry", "s3cret: with a colon"
KEYS = {
    kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in ("published", "hidden")
}
codes: dict[str, dict[str, Any]] = {}
bearers: dict[str, dict[str, Any]] = {}
control: dict[str, Any] = {"claims": {}, "fault": ""}


class Provider(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{sys.argv[1]}/realm"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if control["fault"] == "down":
            self._answer({"error": "down"}, 503)
        elif parts.path == "/realm/.well-known/openid-configuration":
            self._answer(self._description())
        elif parts.path == "/realm/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS["published"].public_key()))
            self._answer({"keys": [{**public, "kid": "published", "alg": "RS256", "use": "sig"}]})
        elif parts.path == "/realm/authorize":
            self._authorize(query)
        elif parts.path == "/realm/userinfo":
            self._userinfo()
        else:
            self._answer({"at": parts.path, "query": query})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/control":
            control.update({"claims": {}, "fault": ""} | json.loads(body))
            self._answer({})
        else:
            self._token(dict(parse_qsl(body)))

    def _description(self) -> dict[str, Any]:
        issuer = self.issuer
        return {
            "issuer": "http://127.0.0.1/other" if control["fault"] == "issuer" else issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/logout",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
        }

    def _authorize(self, query: dict[str, str]) -> None:
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        if control["fault"] == "denied":
            return self._redirect(query["redirect_uri"], error="access_denied", state=query["state"])
        code = secrets.token_urlsafe(16)
        codes[code] = query
        state = "forged" if control["fault"] == "state" else query["state"]
        return self._redirect(query["redirect_uri"], code=code, state=state)

    def _token(self, form: dict[str, str]) -> None:
        asked = codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        right = (
            asked is not None
            and form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == CLIENT_SECRET
            and form.get("redirect_uri") == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if not right or asked is None:
            return self._answer({"error": "invalid_grant"}, 400)
        bearer = secrets.token_urlsafe(16)
        claims = {"sub": "1", **control["claims"]}
        bearers[bearer] = claims
        answer = {"access_token": bearer, "token_type": "Bearer", "expires_in": 60}
        return self._answer(answer | {"id_token": self._id_token(claims, asked["nonce"])})

    def _id_token(self, claims: dict[str, Any], nonce: str) -> str:
        fault, now = control["fault"], int(time.time())
        told = {
            "iss": "http://127.0.0.1/other" if fault == "iss" else self.issuer,
            "aud": "another" if fault == "aud" else CLIENT_ID,
            "iat": now - 7200,
            "exp": now - 3600 if fault == "expired" else now + 300,
            "nonce": "another" if fault == "nonce" else nonce,
            "sub": claims["sub"],
        }
        if fault == "unsigned":
            return jwt.encode(told, "", algorithm="none")
        if (
            fault == "shared"
        ):  # signed by the client's own secret, as a client that trusts the header would accept
            return jwt.encode(told, CLIENT_SECRET, algorithm="HS256", headers={"kid": "published"})
        kid = "hidden" if fault == "key" else "published"
        signed_as = "published" if fault == "forged" else kid
        key = KEYS["hidden"] if fault in ("key", "forged") else KEYS["published"]
        return jwt.encode(told, key, algorithm="RS256", headers={"kid": signed_as})

    def _userinfo(self) -> None:
        claims = bearers.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if claims is None:
            return self._answer({"error": "invalid_token"}, 401)
        return self._answer({**claims, "sub": "somebody else"} if control["fault"] == "userinfo" else claims)

    def _redirect(self, address: str, **query: str) -> None:
        self.send_response(302)
        self.send_header("Location", f"{address}?{urlencode(query)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
