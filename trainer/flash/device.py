"""A device's own ``edge store``, spoken to over a connection."""

from __future__ import annotations

import json
from typing import Any

from edge.errors import ConfigurationError, EdgeError, ModelError, StorageError, UnavailableError, UsageError
from trainer.flash.job import Job
from trainer.flash.rows import Row
from trainer.flash.ssh import Answer, Connection
from trainer.flash.upload import Upload, upload

_RUN = 'exec "$@"'
_ERRORS: tuple[type[EdgeError], ...] = (UsageError, ModelError, UnavailableError, StorageError, ConfigurationError)
_MAX_SAID = 400  # characters


class Device:
    """The store of the device at the other end of ``connection``, through its command ``edge``."""

    def __init__(self, connection: Connection, edge: str, listing: dict[str, Any]) -> None:
        """``listing`` is what ``edge store list --json`` said."""
        self._connection = connection
        self._edge = edge
        self.listing = listing

    @property
    def current(self) -> str | None:
        """The sha256 of the current model."""
        current = self.listing.get("current")
        return current if isinstance(current, str) else None

    @property
    def pending(self) -> bool:
        """Whether the current model has yet to prove itself."""
        return bool(self.listing.get("pending"))

    @property
    def root(self) -> str:
        """The folder of the store."""
        return str(self.listing["root"])

    def holds(self, sha256: str) -> bool:
        """Whether the model is in the store, whole and rightly signed."""
        if not any(model["sha256"] == sha256 for model in self.listing["models"]):
            return False
        return self._run("verify", sha256).code == 0

    def partial_path(self, sha256: str) -> str:
        """Where an upload of the model belongs."""
        return f"{self.root}/incoming/{sha256}.part"

    def install(self, job: Job, row: Row) -> Upload:
        """Upload the model of ``job`` and let the device check it, make it current and prove it.

        Raises the device's own error, and :class:`~edge.errors.UnavailableError` where the connection is lost.
        """
        path = self.partial_path(job.sha256)
        row.stage("uploading", len(job.content))
        sent = upload(self._connection, job.content, path, row.advance)
        words = ["install", path, "--sha256", job.sha256, "--size", str(len(job.content)), "--activate"]
        if job.signature is not None:
            # Another flash of this model may bring another signature; they must not mix.
            signature = f"{path}.{len(job.signature)}.sig"
            upload(self._connection, job.signature, signature, lambda size: None)
            words += ["--signature", signature]
        row.stage("installing")
        try:
            self._settled(*words, *(["--allow-older"] if job.allow_older else []))
        except ModelError:
            # Another flash of the same model was faster, and the upload has been cleared away.
            self.refresh()
            if not self.holds(job.sha256):
                raise
            self.activate(job)
        return sent

    def activate(self, job: Job) -> None:
        """Make the model of ``job``, which is in the store, current and prove it; errors as of :meth:`install`."""
        self._settled("activate", job.sha256, *(["--allow-older"] if job.allow_older else []))

    def rollback(self) -> None:
        """Go back to the previous model; a repeat changes nothing. Raises the device's own error."""
        self.listing |= self._asked("rollback")

    def refresh(self) -> None:
        """Ask the device anew."""
        self.listing = self._asked("list")

    def _settled(self, *words: str) -> None:
        self.listing |= self._asked(*words)
        if self.pending:
            raise ModelError("the model is current there but has not proved itself; run the same command again")

    def _asked(self, *words: str) -> dict[str, Any]:
        answer = self._run(*words, "--json")
        if answer.code:
            raise _error(answer)
        for line in reversed(answer.out.splitlines()):
            if line.startswith("{"):
                facts: dict[str, Any] = json.loads(line)
                return facts
        raise ConfigurationError("its edge gives no answer; install the current one with --bootstrap")

    def _run(self, *words: str) -> Answer:
        return self._connection.run(_RUN, self._edge, "store", *words)


def _error(answer: Answer) -> EdgeError:
    """The error that the device's ``edge`` ended with, its class by the exit code."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    own = [line.removeprefix("edge: ") for line in lines if line.startswith("edge: ")]
    said = (own or lines or [f"it ended with code {answer.code} and no word"])[-1][:_MAX_SAID]
    for kind in _ERRORS:
        if kind.exit_code == answer.code:
            return kind(said)
    return ConfigurationError(f"its edge failed ({said}); install the current one with --bootstrap")
