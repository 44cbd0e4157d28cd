"""The login of a web server: basic and digest authentication (RFC 7617, RFC 7616), as cameras ask for them.

The standard library's own knows MD5 alone and reads one challenge.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import NamedTuple
from urllib.parse import unquote

from edge.errors import ConfigurationError, EdgeError, UnavailableError, UsageError

ATTEMPTS = 3
"""The most requests for one login: the first may answer a challenge that has become old, the second a new one."""

# The name of a digest's algorithm -> that of hashlib, the strongest first. An algorithm that is not named is MD5.
_ALGORITHMS = {"SHA-512-256": "sha512_256", "SHA-512": "sha512", "SHA-256": "sha256", "SHA": "sha1", "MD5": "md5"}
_SESSION = "-SESS"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ITEM = re.compile(rf'[\s,]*(?:({_TOKEN})\s+)?({_TOKEN})(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^",]*))?\s*(?:,|$)')


class Challenge(NamedTuple):
    """What a server asks for: ``scheme`` in lower case, such as ``digest``, and its parameters by lower-case name."""

    scheme: str
    parameters: dict[str, str]

    @property
    def algorithm(self) -> str:
        """The algorithm of a digest in capitals, without ``-SESS``."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix(_SESSION)

    @property
    def of_session(self) -> bool:
        """Whether the secret of a digest holds the nonces of the session."""
        return self.parameters.get("algorithm", "").upper().endswith(_SESSION)


def read_challenges(values: list[str]) -> list[Challenge]:
    """The challenges in the ``values`` of all WWW-Authenticate headers of an answer; one header may hold several."""
    challenges: list[Challenge] = []
    for value in values:
        position = 0
        while position < len(value) and (item := _ITEM.match(value, position)):
            scheme, name, text = item.groups()
            if text is None:  # a scheme without parameters, such as Negotiate
                challenges.append(Challenge(name.lower(), {}))
            else:
                if scheme:
                    challenges.append(Challenge(scheme.lower(), {}))
                if challenges:
                    quoted = text.startswith('"')
                    challenges[-1].parameters.setdefault(
                        name.lower(), re.sub(r"\\(.)", r"\1", text[1:-1]) if quoted else text.strip()
                    )
            position = item.end()
    return challenges


class Login:
    """A user and a password, and what the server asked for last: further requests answer it without being asked.

    ``worked`` is whether the server has accepted them.
    """

    def __init__(self, user: str, password: str) -> None:
        """Log in as ``user``; both texts are as they stand in an address, with % for special characters.

        Raises :class:`~edge.errors.UsageError` if they hold control characters.
        """
        self._user, self._password = unquote(user), unquote(password)
        if not (self._user + self._password).isprintable():
            raise UsageError("the user or the password in the address holds control characters")
        self.worked = False
        self._challenge: Challenge | None = None
        self._count = 0

    def is_refused(self, challenges: list[Challenge]) -> bool:
        """Whether ``challenges``, the answer to the last request, mean that user or password are wrong."""
        is_old = any(one.parameters.get("stale", "").lower() == "true" for one in challenges)
        return self._challenge is not None and not is_old and not self.worked

    def answer(self, challenges: list[Challenge]) -> bool:
        """Choose the strongest of ``challenges``; False if none of them is known."""
        known = [one for one in challenges if _strength(one) is not None]
        self._challenge = max(known, key=lambda one: _strength(one) or 0, default=None)
        self._count = 0
        return self._challenge is not None

    def header(self, target: str, method: str = "GET") -> str | None:
        """The value of the Authorization header for ``method`` and ``target``; None if the server has not asked yet."""
        if self._challenge is None:
            return None
        if self._challenge.scheme == "basic":
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        self._count += 1
        return self._digest(self._challenge, target, os.urandom(8).hex(), f"{self._count:08x}", method)

    def _digest(self, challenge: Challenge, target: str, cnonce: str, count: str, method: str = "GET") -> str:
        asked = challenge.parameters

        def hashed(*parts: str) -> str:
            return hashlib.new(_ALGORITHMS[challenge.algorithm], ":".join(parts).encode()).hexdigest()

        realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
        secret = hashed(self._user, realm, self._password)
        if challenge.of_session:
            secret = hashed(secret, nonce, cnonce)
        qualities = [word.strip().lower() for word in asked.get("qop", "").split(",")]
        quality = next((word for word in ("auth", "auth-int") if word in qualities), None)
        request = hashed(method, target, *([hashed("")] if quality == "auth-int" else []))
        response = hashed(secret, nonce, *([count, cnonce, quality] if quality else []), request)
        hidden = asked.get("userhash", "").lower() == "true"
        fields = {
            "username": _quoted(hashed(self._user, realm) if hidden else self._user),
            "realm": _quoted(realm),
            "nonce": _quoted(nonce),
            "uri": _quoted(target),
            "response": _quoted(response),
        }
        if "algorithm" in asked:
            fields["algorithm"] = asked["algorithm"]
        if "opaque" in asked:
            fields["opaque"] = _quoted(asked["opaque"])
        if quality:
            fields |= {"qop": quality, "nc": count}
        if quality or challenge.of_session:
            fields["cnonce"] = _quoted(cnonce)
        if hidden:
            fields["userhash"] = "true"
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def no_entry(uri: str, login: Login | None) -> EdgeError:
    """The error for a server that answers 401 to ``login``; ``uri`` is its address for messages."""
    if login is None:
        return ConfigurationError(f"{uri}: the server answers 401 Unauthorized; give user:password@ before the host")
    text = f"{uri}: the server refuses the user or the password (401)"
    if login.worked:  # a camera that starts may not know its users yet
        return UnavailableError(f"{text}, which it accepted before")
    return ConfigurationError(f"{text}; check them: in an address write / as %2F, @ as %40, # as %23")


def unknown_login(uri: str, challenges: list[Challenge]) -> ConfigurationError:
    """The error for a server whose ``challenges`` are all of unknown kinds; ``uri`` is its address for messages."""
    names = ", ".join(sorted({ascii(one.scheme)[1:-1] for one in challenges})) or "it names none"
    return ConfigurationError(f"{uri}: asks for a kind of login that is not known here ({names})")


def _strength(challenge: Challenge) -> int | None:
    """The higher the stronger; None for what is not known here."""
    if challenge.scheme == "basic":
        return 0
    if challenge.scheme != "digest" or challenge.algorithm not in _ALGORITHMS:
        return None
    if _ALGORITHMS[challenge.algorithm] not in hashlib.algorithms_available:
        return None
    return len(_ALGORITHMS) - list(_ALGORITHMS).index(challenge.algorithm)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
