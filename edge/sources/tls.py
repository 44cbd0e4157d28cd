"""Which certificates a camera may have: those of known authorities, of an own one, or the camera's own."""

from __future__ import annotations

import functools
import re
import socket
import ssl
from pathlib import Path

from edge.errors import UsageError
from edge.regular_file import SMALL_BYTES, read_regular
from edge.tls import unverified_context, verifying_context

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Certificates:
    """The certificates that are trusted: of the system's authorities, or of those in a file alone.

    A certificate that is in the file itself is trusted whatever its name and its dates say: few cameras have one that
    names them, and many have one that ended years ago.
    """

    def __init__(self, ca_file: str | None) -> None:
        """Trust the certificates in the PEM file ``ca_file``; None: those of the system.

        Raises :class:`~edge.errors.UsageError` if the file cannot be read or holds no certificate.
        """
        self._ca_file = ca_file
        self._own: set[bytes] = set()
        self._compare = False
        if ca_file is None:
            return
        try:
            found = _CERTIFICATE.findall(read_regular(Path(ca_file), SMALL_BYTES).decode("latin-1"))
        except OSError as error:
            raise UsageError(f"--ca-file {ca_file}: cannot be read: {error.strerror}") from None
        try:
            self._own = {ssl.PEM_cert_to_DER_cert(text) for text in found}
            if found:
                _ = self._verifying
        except (ssl.SSLError, ValueError):
            found = []
        if not found:
            raise UsageError(f"--ca-file {ca_file}: holds no certificate (PEM: -----BEGIN CERTIFICATE-----)")

    def secure(self, connection: socket.socket, host: str) -> ssl.SSLSocket | None:
        """Encrypt ``connection`` to ``host``.

        Returns None if the certificate is not valid for ``host`` and must be compared with those in the file: the
        caller then connects again.

        Raises :class:`ssl.SSLError` if it is not trusted, and :class:`OSError`.
        """
        if self._compare:
            return self._compared(connection, host)
        try:
            return self._verifying.wrap_socket(connection, server_hostname=host)
        except ssl.SSLCertVerificationError:
            if not self._own:
                raise
            self._compare = True
            return None

    @functools.cached_property
    def _verifying(self) -> ssl.SSLContext:
        return verifying_context(self._ca_file)

    def _compared(self, connection: socket.socket, host: str) -> ssl.SSLSocket | None:
        secure = unverified_context().wrap_socket(connection, server_hostname=host)
        if secure.getpeercert(binary_form=True) in self._own:
            return secure
        secure.close()
        self._compare = False
        error = ssl.SSLCertVerificationError("not in the file")
        error.verify_message = f"neither it nor its authority is in {self._ca_file}"
        raise error
