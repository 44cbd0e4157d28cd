"""The store of a device, through the device's own command ``edge store`` and a connection."""

from __future__ import annotations

import json
from typing import Any

from edge.errors import ConfigurationError, EdgeError, ModelError, StorageError, UnavailableError, UsageError
from trainer.flash.delivery import Delivery
from trainer.flash.progress_rows import ProgressRow
from trainer.flash.ssh_connection import Answer, SshConnection
from trainer.flash.upload import Upload, upload

_RUN = 'exec "$@"'
_ERRORS: tuple[type[EdgeError], ...] = (UsageError, ModelError, UnavailableError, StorageError, ConfigurationError)
_MAX_MESSAGE = 400  # characters


class DeviceStore:
    """The store of the device at the other end of ``connection``."""

    def __init__(self, connection: SshConnection, edge: str, listing: dict[str, Any]) -> None:
        """``edge`` is the path of the command there, ``listing`` what its ``store list --json`` printed."""
        self._connection = connection
        self._edge = edge
        self.listing = listing

    @property
    def current(self) -> str | None:
        """The sha256 of the current model; None if there is none."""
        current = self.listing.get("current")
        return current if isinstance(current, str) else None

    @property
    def pending(self) -> bool:
        """Whether the current model is not yet confirmed."""
        return bool(self.listing.get("pending"))

    @property
    def root(self) -> str:
        """The folder of the store."""
        return str(self.listing["root"])

    def holds(self, sha256: str) -> bool:
        """Whether the model is in the store, is whole, and its signature is valid if the device asks for one."""
        if not any(model["sha256"] == sha256 for model in self.listing["models"]):
            return False
        return self._run("verify", sha256).code == 0

    def partial_path(self, sha256: str) -> str:
        """The file that an upload of the model is written to."""
        return f"{self.root}/incoming/{sha256}.part"

    def install(self, delivery: Delivery, row: ProgressRow) -> Upload:
        """Upload the model of ``delivery``; the device then checks it, runs its self-test and makes it current.

        Raises the error that the device's ``edge`` ended with, and :class:`~edge.errors.UnavailableError` if the
        connection is lost.
        """
        path = self.partial_path(delivery.sha256)
        row.stage("uploading", len(delivery.content))
        sent = upload(self._connection, delivery.content, path, row.advance)
        arguments = ["install", path, "--sha256", delivery.sha256, "--size", str(len(delivery.content)), "--activate"]
        if delivery.signature is not None:
            # The length is in the name: another flash of this model may bring another signature.
            signature = f"{path}.{len(delivery.signature)}.sig"
            upload(self._connection, delivery.signature, signature, lambda size: None)
            arguments += ["--signature", signature]
        row.stage("installing")
        try:
            self._run_until_confirmed(*arguments, *_older(delivery))
        except ModelError:
            # Another flash of the same model was faster, and has removed the uploaded file.
            self.refresh()
            if not self.holds(delivery.sha256):
                raise
            self.activate(delivery)
        return sent

    def activate(self, delivery: Delivery) -> None:
        """Make the model of ``delivery``, which is in the store, current. Raises what :meth:`install` does."""
        self._run_until_confirmed("activate", delivery.sha256, *_older(delivery))

    def rollback(self) -> None:
        """Make the previous model current; a repeat changes nothing. Raises the error of the device's ``edge``."""
        self.listing |= self._read("rollback")

    def refresh(self) -> None:
        """Read the listing again."""
        self.listing = self._read("list")

    def _run_until_confirmed(self, *arguments: str) -> None:
        self.listing |= self._read(*arguments)
        if self.pending:
            raise ModelError("the model is current there but not yet confirmed; run the same command again")

    def _read(self, *arguments: str) -> dict[str, Any]:
        answer = self._run(*arguments, "--json")
        if answer.code:
            raise _error(answer)
        for line in reversed(answer.out.splitlines()):
            if line.startswith("{"):
                listing: dict[str, Any] = json.loads(line)
                return listing
        raise ConfigurationError("its edge printed no answer; install the current version with --bootstrap")

    def _run(self, *arguments: str) -> Answer:
        return self._connection.run(_RUN, self._edge, "store", *arguments)


def _older(delivery: Delivery) -> list[str]:
    return ["--allow-older"] if delivery.allow_older else []


def _error(answer: Answer) -> EdgeError:
    """The error that the device's ``edge`` ended with; its exit code tells the class."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    of_edge = [line.removeprefix("edge: ") for line in lines if line.startswith("edge: ")]
    message = (of_edge or lines or [f"it ended with code {answer.code} and no message"])[-1][:_MAX_MESSAGE]
    for error in _ERRORS:
        if error.exit_code == answer.code:
            return error(message)
    return ConfigurationError(f"its edge failed ({message}); install the current version with --bootstrap")
