"""``trainer flash --service``: no secret goes to a device on a command line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from edge.errors import UsageError
from support.paths import DATA
from trainer.cli import app


@pytest.mark.parametrize(
    "service",
    [
        "rtsp://cam:hush@10.0.0.7/s --web 8080",
        "'http://10.0.0.7/s?pwd=hush'",
        "0 --web 0.0.0.0:8080 --web-token hush",
        "0 --web-token=hush",
        "0 --mqtt mqtt://me:hush@broker/t",
        "0 --mqtt=mqtt://me:hush@broker/t",
    ],
)
def test_secrets_are_refused(service: str) -> None:
    """Every user of the device could read it while the service is installed; the message does not show it."""
    arguments = ["flash", str(DATA / "tiny-int8.tflite"), "pi@127.0.0.1", "--bootstrap", "--service", service]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, UsageError)
    assert "every user" in str(error) and "hush" not in str(error)
