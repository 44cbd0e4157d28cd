"""A server's side of a digest: the challenge, and whether a request answers it."""

from __future__ import annotations

import hashlib

from edge.sources.http_login import read_challenges
from support.scripted_server import Request

DIGEST = 'Digest realm="camera", nonce="abc", qop="auth", algorithm={}'
"""The challenge that :func:`knows` expects to be answered, with its algorithm."""


def knows(request: Request, algorithm: str = "MD5") -> bool:
    """Whether ``request`` holds the digest of the user ``me`` with the password ``secret``, for the nonce abc."""
    fields = next(iter(read_challenges([request.headers.get("authorization", "")])), None)
    if fields is None or fields.scheme != "digest" or fields.parameters["uri"] != request.target:
        return False
    name = "sha256" if algorithm.startswith("SHA-256") else "md5"
    sent = fields.parameters

    def hashed(*parts: str) -> str:
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()

    secret = hashed("me", "camera", "secret")
    if algorithm.endswith("-sess"):
        secret = hashed(secret, "abc", sent["cnonce"])
    wanted = hashed(secret, "abc", sent["nc"], sent["cnonce"], "auth", hashed("GET", sent["uri"]))
    return sent["response"] == wanted
