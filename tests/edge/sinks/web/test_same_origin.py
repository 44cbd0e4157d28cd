"""Which requests a page of another site makes, by what browsers say of them."""

from __future__ import annotations

import pytest

from edge.sinks.web.same_origin import is_of_another_site


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"host": "localhost:8080"}, False),  # not a browser
        ({"host": "localhost:8080", "origin": "http://localhost:8080"}, False),
        ({"host": "LocalHost:8080", "origin": "http://localhost:8080"}, False),
        ({"host": "pi.local", "origin": "http://pi.local"}, False),
        ({"host": "pi.local:80", "origin": "http://pi.local"}, False),
        ({"host": "pi.local", "origin": "https://pi.local"}, False),  # a proxy with TLS
        ({"host": "[::1]:8080", "origin": "http://[::1]:8080"}, False),
        ({"host": "localhost:8080", "origin": "http://localhost:8081"}, True),
        ({"host": "localhost:8080", "origin": "http://localhost"}, True),
        ({"host": "localhost:8080", "origin": "http://evil.example"}, True),
        ({"host": "localhost:8080", "origin": "http://evil.example/localhost:8080"}, True),
        ({"host": "localhost:8080", "origin": "null"}, True),
        ({"host": "localhost:8080", "origin": ""}, True),
        ({"host": "", "origin": "file://"}, True),
        ({"host": "localhost:8080", "sec-fetch-site": "same-origin"}, False),
        ({"host": "localhost:8080", "sec-fetch-site": "none"}, False),
        ({"host": "localhost:8080", "sec-fetch-site": "same-site"}, True),
        ({"host": "localhost:8080", "sec-fetch-site": "cross-site"}, True),
        ({"host": "inside:8080", "origin": "https://pi.example", "sec-fetch-site": "same-origin"}, False),
        ({"host": "localhost:8080", "origin": "http://localhost:8080", "sec-fetch-site": "cross-site"}, True),
    ],
)
def test_requests_of_other_sites(headers: dict[str, str], refused: bool) -> None:
    """Sec-Fetch-Site decides if a browser sends it, else Origin, compared with Host."""
    assert is_of_another_site(headers) is refused
