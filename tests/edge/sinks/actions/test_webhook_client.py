"""Requests to a webhook over real connections: time limits, certificates, broken answers."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from edge.errors import UnavailableError
from edge.sinks.actions.webhook_address import parse_webhook
from edge.sinks.actions.webhook_client import WebhookClient
from support.ports import free_port
from support.scripted_server import make_certificate
from support.webhook_server import DRIP, DROP, NOISE, SILENT, WebhookServer


def client(address: str, time_limit_s: float = 20.0) -> WebhookClient:
    """A client for ``address``."""
    return WebhookClient(parse_webhook(address), time_limit_s=time_limit_s)


def test_a_request() -> None:
    """Path and query, headers and body come as they were given; the status comes back."""
    with WebhookServer([200, 204, 404, 500]) as server:
        statuses = [client(f"{server.uri}/é?a=b c".replace(" ", "%20")).post(b"{}", {"X-One": "1"}) for _ in range(4)]
    assert statuses == [200, 204, 404, 500]
    delivery = server.deliveries[0]
    assert (delivery.path, delivery.body) == ("/hook/%C3%A9?a=b%20c", b"{}")
    assert delivery.headers["x-one"] == "1" and delivery.headers["host"] == f"127.0.0.1:{server.port}"


def test_a_redirect_is_not_followed() -> None:
    """The address is asked once, and no other one."""
    with WebhookServer() as other, WebhookServer([307], location=other.uri) as server:
        assert client(server.uri).post(b"{}", {}) == 307
    assert (len(server.deliveries), len(other.deliveries)) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "why"), [(DROP, "its answer is not HTTP, or there is none"), (NOISE, "its answer is not HTTP")]
)
def test_no_answer(answer: str, why: str) -> None:
    """A connection that is closed and an answer that is none are failures with a reason."""
    with WebhookServer([answer]) as server, pytest.raises(UnavailableError, match=why):
        client(server.uri).post(b"{}", {})


@pytest.mark.parametrize("answer", [SILENT, DRIP])
def test_the_time_limit_is_one_for_the_request(answer: str) -> None:
    """A server that sends nothing, or a byte at a time without end, does not hold it up."""
    with WebhookServer([answer]) as server, pytest.raises(UnavailableError, match=r"^nothing in 0.3 s$"):
        client(server.uri, time_limit_s=0.3).post(b"{}", {})


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is that of the system; an unknown name is called that."""
    with pytest.raises(UnavailableError, match="Connection refused"):
        client(f"http://127.0.0.1:{free_port()}/").post(b"{}", {})

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnavailableError, match="unknown host"):
        client("http://no-such-host.invalid/").post(b"{}", {})


def test_a_request_is_cut() -> None:
    """At the end of a stream another thread lets it fail immediately."""
    with WebhookServer([SILENT]) as server:
        waiting, failures = client(server.uri), list[str]()

        def post() -> None:
            try:
                waiting.post(b"{}", {})
            except UnavailableError as error:
                failures.append(str(error))

        thread = threading.Thread(target=post)
        thread.start()
        server.wait_for(1)
        waiting.cut()
        thread.join(60)
        assert len(failures) == 1
        waiting.cut()


def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that the system does not know is refused before anything is sent; SSL_CERT_FILE can name more."""
    certificate = make_certificate(
        tmp_path, "hook", subject="127.0.0.1", extra=("-addext", "subjectAltName=IP:127.0.0.1")
    )
    with WebhookServer(certificate=certificate) as server:
        with pytest.raises(UnavailableError, match=r"its certificate is not trusted \(self.signed certificate\)"):
            client(server.uri).post(b"{}", {})
        assert server.deliveries == []
        monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(certificate))
        assert client(server.uri).post(b"{}", {}) == 200
