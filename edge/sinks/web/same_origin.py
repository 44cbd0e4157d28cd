"""Which requests a page of another site makes, by what browsers say of them."""

from __future__ import annotations

from collections.abc import Mapping

_PORTS = {"http": ":80", "https": ":443"}


def is_of_another_site(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of another site, or of another port, makes a request with ``headers``.

    Browsers give ``Sec-Fetch-Site`` to https pages and to localhost, and ``Origin`` always. Other programs give
    neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    scheme, _, host = origin.lower().partition("://")
    port = _PORTS.get(scheme, "")
    return host.removesuffix(port) != headers.get("host", "").lower().removesuffix(port) or not host
