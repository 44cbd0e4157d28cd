"""What is said of a certificate that is not trusted."""

from __future__ import annotations

import ssl
import time

import pytest

from edge.sinks.mqtt.connecting import failure_text
from edge.sources.http_client import reason


@pytest.mark.parametrize(("code", "said"), [(9, "certificate is not yet valid"), (10, "certificate has expired")])
def test_a_certificate_of_another_time(code: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a board that does not know the time yet, no other authority would help: the line has its date."""
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((1970, 1, 1, 0, 0, 30, 3, 1, 0)))
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, said
    for words in (failure_text(error), reason(error)):
        assert words == (
            f"its certificate is not trusted ({said}); the clock of this machine says 1970-01-01: if that is wrong, "
            "set it; else renew the certificate"
        )
