"""The settings of TLS connections that edge opens: which certificates they trust."""

from __future__ import annotations

import os
import ssl
import time

from edge.regular_file import check_regular

_OF_THE_TIME = (9, 10)  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED


def verifying_context(ca_file: str | os.PathLike[str] | None) -> ssl.SSLContext:
    """Settings that trust the authorities in the PEM file ``ca_file``; None means those of the system.

    Reading the system's authorities takes about 40 ms on a workstation: make the settings once for many connections.

    Raises :class:`OSError` and :class:`ValueError` if it is not such a file; :class:`ssl.SSLError` is an OSError.
    """
    if ca_file is not None:
        check_regular(ca_file)
    context = ssl.create_default_context(cafile=ca_file)
    if ca_file is not None:
        # From Python 3.13 on, an own authority would have to keep rules of the web that few of them keep: that of
        # "openssl req -x509" has no key usage.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def unverified_context() -> ssl.SSLContext:
    """Settings that take any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def untrusted(error: ssl.SSLCertVerificationError, fix: str) -> str:
    """Why a certificate is not trusted, and ``fix``, which says how it could be; it may be empty.

    Of one that is not valid now the fix is another one: a board without a clock may not know the time yet.
    """
    if getattr(error, "verify_code", None) in _OF_THE_TIME:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        fix = f"; the clock of this machine says {today}: if that is wrong, set it; else renew the certificate"
    return f"its certificate is not trusted ({error.verify_message}){fix}"
