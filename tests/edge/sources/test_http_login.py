"""Logins: the examples of the standards, and headers as cameras write them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.sources.http_login import Challenge, Login, read_challenges

RFC_7616 = (
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def _fields(header: str) -> dict[str, str]:
    (challenge,) = read_challenges([header])
    assert challenge.scheme == "digest"
    return challenge.parameters


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    """User Mufasa, password "Circle of Life": the responses that the standard prints."""
    (challenge,) = read_challenges([f"Digest {RFC_7616}, algorithm={algorithm}"])
    login = Login("Mufasa", "Circle%20of%20Life")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    fields = _fields(login._digest(challenge, "/dir/index.html", cnonce, "00000001"))
    assert fields["response"] == response
    assert (fields["qop"], fields["nc"], fields["algorithm"]) == ("auth", "00000001", algorithm)
    assert fields["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_the_example_with_a_hidden_user() -> None:
    """SHA-512-256 and a user whose name is hashed too; the standard's errata print this hash."""
    if "sha512_256" not in hashlib.algorithms_available:
        pytest.skip("this OpenSSL has no SHA-512/256")
    challenges = read_challenges(
        [
            'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
            'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", charset=UTF-8, userhash=true'
        ]
    )
    login = Login("J%C3%A4s%C3%B8n%20Doe", "Secret, or not?")
    fields = _fields(login._digest(challenges[0], "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm", "00000001"))
    assert fields["username"] == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert fields["userhash"] == "true"


def test_the_oldest_digest() -> None:
    """Without qop the response is that of RFC 2069, and no counter is sent; the example is that of its errata."""
    (challenge,) = read_challenges(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    fields = _fields(Login("Mufasa", "CircleOfLife")._digest(challenge, "/dir/index.html", "", ""))
    assert fields["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert not {"qop", "nc", "cnonce", "algorithm"} & fields.keys()


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256-SESS"])
def test_a_digest_for_a_session(algorithm: str) -> None:
    """The secret of a session holds both nonces."""
    (challenge,) = read_challenges([f'Digest realm="r", nonce="n", qop=auth, algorithm={algorithm}'])
    fields = _fields(Login("u", "p")._digest(challenge, "/", "c", "00000002"))

    def hashed(text: str) -> str:
        return hashlib.new("md5" if algorithm.startswith("MD5") else "sha256", text.encode()).hexdigest()

    secret = hashed(f"{hashed('u:r:p')}:n:c")
    assert fields["response"] == hashed(f"{secret}:n:00000002:c:auth:{hashed('GET:/')}")
    assert fields["cnonce"] == "c"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['Basic realm="camera"'], [("basic", {"realm": "camera"})]),
        (["Basic"], [("basic", {})]),
        (['Basic realm="a, Digest b", charset="UTF-8"'], [("basic", {"realm": "a, Digest b", "charset": "UTF-8"})]),
        (
            ['Basic realm="x", Digest realm="y", nonce="1", qop="auth"', "Negotiate"],
            [("basic", {"realm": "x"}), ("digest", {"realm": "y", "nonce": "1", "qop": "auth"}), ("negotiate", {})],
        ),
        (
            ['Negotiate, , DIGEST  Realm = "a \\"b\\"" , NONCE=n'],
            [("negotiate", {}), ("digest", {"realm": 'a "b"', "nonce": "n"})],
        ),
        (["NTLM TlRMTVNTUAACAAAA=="], [("ntlm", {"tlrmtvntuaacaaaa": "="})]),
        (['Digest realm="open'], []),
        (["", ",,,", "=", '"'], []),
    ],
)
def test_challenges(values: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    """One header may hold several challenges, and there may be several headers."""
    assert [tuple(one) for one in read_challenges(values)] == expected


@given(st.lists(st.text(alphabet='Digest realm=",\\ \x00é='), max_size=3))
def test_no_header_is_too_strange(values: list[str]) -> None:
    """Whatever a server sends, it is read without an error."""
    login = Login("u", "p")
    login.answer(read_challenges(values))
    login.header("/")


def test_the_strongest_challenge_is_answered() -> None:
    """SHA-256 before MD5 before basic, in whatever order they come; unknown ones never."""
    basic, md5 = Challenge("basic", {}), Challenge("digest", {"realm": "r", "nonce": "n"})
    sha = Challenge("digest", {"realm": "r", "nonce": "n", "algorithm": "SHA-256"})
    new = Challenge("digest", {"realm": "r", "nonce": "n", "algorithm": "SHA3-512"})
    login = Login("u", "p")
    assert login.header("/") is None
    for challenges, part in (
        ([basic], "Basic dTpw"),
        ([basic, md5], "Digest"),
        ([md5, sha, basic, new], "algorithm=SHA-256"),
        ([new, basic], "Basic"),
    ):
        assert login.answer(challenges)
        assert part in str(login.header("/"))
    assert not login.answer([new, Challenge("negotiate", {})])


def test_requests_are_counted() -> None:
    """One nonce serves many requests, each with the next number."""
    login = Login("u", "p")
    login.answer([Challenge("digest", {"realm": "r", "nonce": "n", "qop": "auth"})])
    assert [_fields(str(login.header("/")))["nc"] for _ in range(2)] == ["00000001", "00000002"]


def test_control_characters_are_refused() -> None:
    """A user with a new line in it could add headers to the request."""
    with pytest.raises(UsageError, match="the user or the password in the address holds control characters"):
        Login("me%0d%0aX: y", "secret")
