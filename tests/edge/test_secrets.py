"""Addresses without their secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.secrets import may_hold_secret, without_secrets


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rtsp://user:secret@host:554/path", "rtsp://***@host:554/path"),
        ("http://host/stream", "http://host/stream"),
        ("http://host/cgi?user=me&pwd=secret", "http://host/cgi?***"),
        ("http://host/#secret", "http://host/?***"),
        ("rtsp://user:se@cret@host/", "rtsp://***@host/"),
        ("rtsp://user:se/cret@host/", "rtsp://***@host/"),
        ("rtsp://user:se?cret@host/", "rtsp://***"),
        ("http://host/cgi?user=me@secret.org&pwd=secret", "http://***"),
        ("/dev/video0", "/dev/video0"),
        ("user:secret@host/path", "***@host/path"),
        ("rtsp:/user:se/cret@host", "***@host"),
        ("http://token@host/", "http://***@host/"),
        ("http://host/?token=secret", "http://host/?***"),
        ("films/me@home.mp4", "films/me@home.mp4"),
    ],
)
def test_without_secrets(address: str, expected: str) -> None:
    """User, password and query are not part of the address that is shown, with or without a path."""
    assert without_secrets(address) == expected
    assert may_hold_secret(address) == ("***" in expected)


@given(st.text(min_size=1), st.text(), st.sampled_from(["rtsp://", "http://", "https://", "gopher://", "rtsp:/", ""]))
def test_no_password_is_ever_shown(user: str, rest: str, scheme: str) -> None:
    """A password in an address is never printed, whatever characters are around it."""
    assert "XsecretX" not in without_secrets(f"{scheme}{user}:XsecretX{rest}@host/path")
