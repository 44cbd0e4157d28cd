"""Cameras that are asked over HTTP in tests: what a scripted server answers, and what comes of it."""

from __future__ import annotations

import copy

import pytest

from edge.errors import EdgeError
from edge.sources.http_camera import HttpCamera
from support.colours import encoded, plain
from support.scripted_server import picture

RED = picture(encoded(plain("red"), "PNG"), "image/png")
"""An answer that is a red picture."""


def first_colour(camera: HttpCamera) -> tuple[int, ...]:
    """The colour of the first picture of ``camera``."""
    used = copy.copy(camera)
    used.open()
    try:
        pixels = used.read()
    finally:
        used.close()
    assert pixels is not None
    return tuple(pixels[0, 0].tolist())


def failure_of(address: str, **options: str) -> EdgeError:
    """The error of the camera at ``address``: one line, without the password ``secret``."""
    with pytest.raises(EdgeError) as failed:
        first_colour(HttpCamera(address, **options))  # type: ignore[arg-type]
    assert "secret" not in str(failed.value) and "\n" not in str(failed.value)
    return failed.value


def with_user(uri: str, user: str = "me:secret") -> str:
    """The address ``uri`` with ``user`` and a password."""
    return uri.replace("://", f"://{user}@")
