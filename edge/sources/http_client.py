"""One GET request after the other to a camera on the network: login, redirects, proxies, certificates, time limits."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from edge.errors import ConfigurationError, UnavailableError
from edge.secrets import without_secrets
from edge.sources.deadline import time_left_s
from edge.sources.http_answer import Answer
from edge.sources.http_login import ATTEMPTS, Login, no_entry, read_challenges, unknown_login
from edge.sources.proxies import Proxy, find_proxy, open_tunnel
from edge.sources.tls import Certificates
from edge.tls import untrusted

TIME_LIMIT_S = 5.0
"""How long the server may take to answer a request, in seconds."""

MAX_REDIRECTS = 5
"""The most redirects that are followed for one request."""

_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_SAFE = "!#$%&'()*+,/:;=?@[]~"  # what stays as it is in an address; % too, because it may be encoded already
_FIX = "check the address"


class HttpClient:
    """Requests to one address. Only one thread at a time uses it."""

    def __init__(self, address: str, certificates: Certificates) -> None:
        """Ask for ``address``, a checked ``http[s]://[user:password@]host[:port]/path``.

        Raises :class:`~edge.errors.UsageError` if user or password hold control characters.
        """
        parts = urlsplit(address)
        self.uri = without_secrets(address)
        self._address = _without_user(address)
        self._host, self._scheme = parts.hostname, parts.scheme
        self._login = None if parts.username is None else Login(parts.username, parts.password or "")
        self._certificates = certificates

    def get(self) -> Answer:
        """Ask once, with as many logins and redirects as that takes; returns an answer of status 200.

        Raises :class:`~edge.errors.UnavailableError` if the server does not answer, or answers something else, and
        :class:`~edge.errors.ConfigurationError` if it does not let the user in and never did.
        """
        address = self._address
        end_s = time.monotonic() + 1.5 * TIME_LIMIT_S
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(address, end_s)
            if answer.status == 200:
                return answer
            answer.close()
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not location:
                raise self._refusal(answer, address)
            address = self._redirected(address, location)
        raise UnavailableError(f"{self.uri}: redirects more than {MAX_REDIRECTS} times; {_FIX}")

    def _ask(self, address: str, end_s: float) -> Answer:
        """The answer to a request for ``address``, after a login if the server asks for one."""
        login = self._login if self._may_log_in(address) else None
        for attempt in range(1, ATTEMPTS + 1):
            header = login.header(_target(address)) if login else None
            answer = self._send(address, header, end_s)
            if login is None or answer.status != 401:
                break
            challenges = read_challenges(answer.headers.get_all("WWW-Authenticate") or [])
            if attempt == ATTEMPTS or login.is_refused(challenges):
                break
            answer.close()
            if not login.answer(challenges):
                raise unknown_login(self.uri, challenges)
        if login is not None and answer.status == 200:
            login.worked = True
        return answer

    def _may_log_in(self, address: str) -> bool:
        """Whether the password may be sent to ``address``: the same host, and not without encryption if with before."""
        parts = urlsplit(address)
        return parts.hostname == self._host and (parts.scheme == self._scheme or parts.scheme == "https")

    def _redirected(self, address: str, location: str) -> str:
        target = quote(location, safe=_SAFE)
        try:
            target = urljoin(address, target)
            parts = urlsplit(target)
            valid = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise UnavailableError(
                f"{self.uri}: redirects to {ascii(without_secrets(target))[:200]}, which is not HTTP; {_FIX}"
            )
        return _without_user(target)

    def _send(self, address: str, authorization: str | None, end_s: float) -> Answer:
        """Connect and ask for ``address``. The answer has its headers."""
        deadline_s = min(time.monotonic() + TIME_LIMIT_S, end_s)
        parts = urlsplit(address)
        host = parts.hostname or ""
        proxy = connection = answer = None
        try:
            proxy = find_proxy(parts.scheme, host)
            connection = self._connect(parts, proxy, deadline_s)
            connection.sendall(_request(parts, proxy, authorization))
            answer = Answer(connection)
            answer.receive_head(deadline_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            for opened in (answer, connection):
                if opened is not None:
                    opened.close()
            through = f" through the proxy {proxy.name}" if proxy else ""
            without = f"; without the proxy: set no_proxy={host}" if proxy else ""
            raise UnavailableError(f"{self.uri}: no answer{through}: {reason(error)}{without}") from None
        answer.proxy = proxy.name if proxy else None
        return answer

    def _connect(self, parts: SplitResult, proxy: Proxy | None, deadline_s: float) -> socket.socket:
        """A connection to the server, encrypted if its scheme says so, through ``proxy`` if there is one."""
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        while True:
            near = (proxy.host, proxy.port) if proxy else (host, port)
            connection = socket.create_connection(near, timeout=time_left_s(deadline_s))
            if parts.scheme == "http":
                return connection
            try:
                if proxy:
                    open_tunnel(connection, proxy, host, port, deadline_s)
                connection.settimeout(time_left_s(deadline_s))
                secure = self._certificates.secure(connection, host)
                if secure is not None:
                    return secure
            except BaseException:
                connection.close()
                raise
            connection.close()  # the certificate is compared on a connection of its own

    def _refusal(self, answer: Answer, address: str) -> Exception:
        if answer.status == 401:
            return self._no_entry(address)
        meaning = http.client.responses.get(answer.status, "")  # not the server's own text, which may hold anything
        who = f"the proxy {answer.proxy} or the server" if answer.proxy else "the server"
        fix = f"without the proxy: set no_proxy={urlsplit(address).hostname}" if answer.proxy else _FIX
        return UnavailableError(f"{self.uri}: {who} answers {answer.status} {meaning}; {fix}")

    def _no_entry(self, address: str) -> Exception:
        if self._login is not None and not self._may_log_in(address):
            return ConfigurationError(
                f"{self.uri}: redirects to {without_secrets(address)}, which asks for a login and is not the same host "
                "or not encrypted; the password was not sent there: give that address"
            )
        return no_entry(self.uri, self._login)


def reason(error: Exception) -> str:
    """The reason of a failure without the address: messages of the standard library may hold it with its password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return untrusted(error, "; --ca-file FILE trusts it or its authority")
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or type(error).__name__).replace('_', ' ').lower()}"
    if isinstance(error, TimeoutError):
        return f"nothing in {TIME_LIMIT_S:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _request(parts: SplitResult, proxy: Proxy | None, authorization: str | None) -> bytes:
    """The bytes of a GET request for the address of ``parts``."""
    target, host = _target(urlunsplit(parts)), _host_header(parts)
    lines = [f"Host: {host}", "User-Agent: edge", "Accept: */*", "Cache-Control: no-cache", "Connection: close"]
    if authorization:
        lines.append(f"Authorization: {authorization}")
    if proxy and parts.scheme == "http":
        target = f"http://{host}{target}"
        lines += [f"Proxy-Authorization: {proxy.login}"] if proxy.login else []
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode("latin-1", "replace")


def _without_user(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _target(address: str) -> str:
    """Path and query of ``address``, as they stand in a request."""
    parts = urlsplit(address)
    return quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)


def _host_header(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = quote(host)
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"
