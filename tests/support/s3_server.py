"""A real server that speaks as Amazon's S3 does, on loopback: moto's, in an environment of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support.paths import REPOSITORY
from support.ports import free_port
from support.waiting import wait_for
from trainer.photos.bucket import as_place
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import PhotoFolder

PROGRAM = Path(os.environ.get("EDGE_S3_SERVER", REPOSITORY / "build" / "s3-server")) / "bin" / "moto_server"
"""What ``make test`` installs; it is not in the environment of the tests, whose packages it does not go with."""

KEYS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something", "AWS_EC2_METADATA_DISABLED": "true"}
"""An environment with a key. The server takes every key, unless :meth:`S3Server.ask_for_keys` is called."""

_SIGNED = {
    "Content-Type": "application/octet-stream",
    "Authorization": "AWS4-HMAC-SHA256 Credential=someone/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, "
    "Signature=none",
}


class S3Server:
    """The server at ``port`` of this machine, 0: a free one, with the bucket ``photos``, which is empty."""

    def __init__(self, port: int = 0) -> None:
        if not PROGRAM.exists():
            pytest.skip("no S3 server: make build/s3-server/installed")
        self.port = port or free_port()
        command = [str(PROGRAM), "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers)
        self._ask("PUT", "/photos")

    @property
    def settings(self) -> str:
        """The settings of an address that lead here."""
        return f"?endpoint_override=http://127.0.0.1:{self.port}"

    def address(self, folder: str) -> str:
        """The address of ``folder`` in the bucket."""
        return f"s3://photos/{folder}{self.settings}"

    def put(self, key: str, content: bytes) -> None:
        """Write ``content`` under ``key``."""
        self._ask("PUT", f"/photos/{quote(key)}", content)

    def put_folder(self, folder: Path) -> None:
        """Write the files below ``folder`` under their paths, beginning with its name."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(path.relative_to(folder.parent).as_posix(), path.read_bytes())

    def delete(self, key: str) -> None:
        """Remove what is under ``key``."""
        self._ask("DELETE", f"/photos/{quote(key)}")

    def ask_for_keys(self, asked: bool) -> None:
        """Refuse every key from now on, or none."""
        self._ask("POST", "/moto-api/reset-auth", b"0" if asked else b"1000000000")

    def stop(self) -> None:
        """End at once."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/moto-api/")
        except OSError:
            return False
        return True

    def _ask(self, method: str, path: str, content: bytes = b"") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, content, _SIGNED)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        assert answer.status < 300, (method, path, answer.status)


@contextlib.contextmanager
def running_server() -> Iterator[S3Server]:
    """A server, and a key for it in the environment; the test is skipped without what reads buckets."""
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KEYS.items():
            environment.setenv(name, value)
        made = S3Server()
        yield made
        made.stop()


def listed_before_one_is_gone(server: S3Server, photos: Path) -> tuple[PhotoFolder, PhotoFolder]:
    """The files in ``photos`` as listed here and in the bucket, with one that is no photo, and one that is gone now."""
    (photos / "red" / "bad.jpg").write_bytes(b"no picture")
    (photos / "red" / "gone.jpg").write_bytes(b"here today")
    server.put_folder(photos)
    here, there = list_photos(photos), list_photos(as_place(server.address("photos")))
    (photos / "red" / "gone.jpg").unlink()
    server.delete("photos/red/gone.jpg")
    return here, there
