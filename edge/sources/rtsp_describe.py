"""Ask an RTSP server for the description of a stream (RFC 2326), because OpenCV does not report why it gets none."""

from __future__ import annotations

import re
import socket
import ssl
import time
from http.client import responses
from urllib.parse import urlsplit, urlunsplit

from edge.errors import UnavailableError
from edge.sources.deadline import time_left_s
from edge.sources.http_login import ATTEMPTS, Login, no_entry, read_challenges, unknown_login
from edge.tls import unverified_context

MAX_DESCRIPTION_BYTES = 1 << 20
"""The longest description that is left to FFmpeg, which would take as much memory as the server announces."""

_PORTS = {"rtsp": 554, "rtsps": 322}
_MAX_HEAD_BYTES = 64 * 1024
_NUMBER = re.compile("[0-9]{1,12}")
_MEANINGS = {**responses, 454: "Session Not Found", 461: "Unsupported Transport"}


def check_stream(address: str, uri: str, login: Login | None, time_limit_s: float) -> None:
    """Ask for the description of the stream at ``address``, within ``time_limit_s`` seconds.

    ``uri`` is the address for messages, ``login`` the user and password in it.

    Raises :class:`~edge.errors.UnavailableError` if the server does not answer, or has no such stream, and
    :class:`~edge.errors.ConfigurationError` if it does not let the user in and never did.
    """
    deadline_s = time.monotonic() + time_limit_s
    try:
        status, headers = _describe(address, uri, login, deadline_s)
    except TimeoutError:
        raise UnavailableError(f"{uri}: no answer: nothing in {time_limit_s:g} s") from None
    except ssl.SSLError as error:
        raise UnavailableError(f"{uri}: no answer: TLS: {error.reason}") from None
    except OSError as error:
        raise UnavailableError(f"{uri}: no answer: {error.strerror or error}") from None
    if status == 401:
        raise no_entry(uri, login)
    if status >= 400:
        raise UnavailableError(f"{uri}: the server answers {status} {_MEANINGS.get(status, '')}; check the path")
    if int(headers.get("content-length", ["0"])[0]) > MAX_DESCRIPTION_BYTES:
        raise UnavailableError(f"{uri}: describes its stream in more than {MAX_DESCRIPTION_BYTES >> 20} MiB")
    if login is not None:
        login.worked = True


def _describe(address: str, uri: str, login: Login | None, deadline_s: float) -> tuple[int, dict[str, list[str]]]:
    """Status and headers of the answer to DESCRIBE, after a login if the server asks for one."""
    parts = urlsplit(address)
    target = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    for attempt in range(1, ATTEMPTS + 1):
        header = login.header(target, "DESCRIBE") if login else None
        status, headers = _ask(parts.scheme, parts.hostname or "", parts.port, target, header, deadline_s)
        challenges = read_challenges(headers.get("www-authenticate", []))
        if status != 401 or login is None or attempt == ATTEMPTS or login.is_refused(challenges):
            break
        if not login.answer(challenges):
            raise unknown_login(uri, challenges)
    return status, headers


def _ask(
    scheme: str, host: str, port: int | None, target: str, authorization: str | None, deadline_s: float
) -> tuple[int, dict[str, list[str]]]:
    lines = [f"DESCRIBE {target} RTSP/1.0", "CSeq: 1", "Accept: application/sdp", "User-Agent: edge"]
    lines += [f"Authorization: {authorization}"] if authorization else []
    with socket.create_connection((host, port or _PORTS[scheme]), timeout=time_left_s(deadline_s)) as plain:
        connection = plain
        if scheme == "rtsps":
            connection = unverified_context().wrap_socket(plain, server_hostname=host)  # as FFmpeg does
        with connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "replace"))
            head = b""
            while b"\r\n\r\n" not in head:
                connection.settimeout(time_left_s(deadline_s))
                data = connection.recv(4096)
                head += data
                if not data or len(head) > _MAX_HEAD_BYTES or not b"RTSP/".startswith(head[:5]):
                    raise OSError(0, "this is not an RTSP server")
    return _parsed(head.partition(b"\r\n\r\n")[0].decode("latin-1"))


def _parsed(head: str) -> tuple[int, dict[str, list[str]]]:
    status, *lines = head.split("\r\n")
    number = [*status.split(), "", ""][1]
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    if not _NUMBER.fullmatch(number) or not _NUMBER.fullmatch(headers.get("content-length", ["0"])[0]):
        raise OSError(0, "this is not an RTSP server")
    return int(number), headers
