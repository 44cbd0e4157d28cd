"""The store of a device, through the device's own command ``edge store`` and a connection."""

from __future__ import annotations

from edge.errors import ConfigurationError, ModelError
from edge.store.health import window_of
from edge.store.layout import short
from trainer.flash.delivery import Delivery
from trainer.flash.device_answers import StoreListing, StoreState, device_error, parse_listing, parse_state
from trainer.flash.progress_rows import ProgressRow
from trainer.flash.ssh_connection import Answer, SshConnection
from trainer.flash.upload import Upload, upload

_RUN = '"$@"; exit $?'  # not exec: ssh does not tell the end of a process that was killed from a lost connection
CHANGE_S = 420.0
"""How long a change of the store may take, in seconds: another command may hold it, and two self-tests run."""


class DeviceStore:
    """The store of the device at the other end of ``connection``."""

    def __init__(self, connection: SshConnection, edge: str, listing: StoreListing) -> None:
        """``edge`` is the path of the command there, ``listing`` what its ``store list --json`` answered."""
        self._connection = connection
        self._edge = edge
        self._listing = listing

    @property
    def state(self) -> StoreState:
        """What the last answer said of the store."""
        return self._listing.state

    def holds(self, sha256: str) -> bool:
        """Whether the model is in the store, is whole, and its signature is valid if the device asks for one."""
        return sha256 in self._listing.models and self._run("verify", sha256).code == 0

    def partial_path(self, sha256: str) -> str:
        """The file that an upload of the model is written to."""
        return f"{self.state.root}/incoming/{sha256}.part"

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
            self._run_until_confirmed(delivery, *arguments)
        except ModelError:
            # Another flash of the same model was faster, and has removed the uploaded file.
            self.refresh()
            if not self.holds(delivery.sha256):
                raise
            self.activate(delivery)
        return sent

    def activate(self, delivery: Delivery) -> None:
        """Make the model of ``delivery``, which is in the store, current. Raises what :meth:`install` does."""
        self._run_until_confirmed(delivery, "activate", delivery.sha256)

    def rollback(self) -> None:
        """Make the previous model current; a repeat changes nothing. Raises the error of the device's ``edge``."""
        self._change("rollback", limit_s=CHANGE_S)
        if self.state.current is None:
            raise ConfigurationError("its edge rolled back, but no model is current there; look at it")

    def refresh(self) -> None:
        """Read the listing again."""
        answer = self._run("list", "--json")
        if answer.code:
            raise device_error(answer)
        self._listing = parse_listing(answer.out)

    def _run_until_confirmed(self, delivery: Delivery, *arguments: str) -> None:
        window_s = window_of(delivery.health_window_s, self._listing.every_s)
        self._change(
            *arguments,
            "--health-window",
            f"{delivery.health_window_s:g}",
            *(["--allow-older"] if delivery.allow_older else []),
            limit_s=window_s + CHANGE_S,
        )
        if self.state.current != delivery.sha256:
            raise ConfigurationError(
                f"its edge reported success, but {short(self.state.current)} is current there; look at it"
            )
        if self.state.pending:
            raise ModelError("the model is current there but not yet confirmed; run the same command again")

    def _change(self, *arguments: str, limit_s: float) -> None:
        answer = self._run(*arguments, "--json", limit_s=limit_s)
        if answer.code:
            raise device_error(answer)
        self._listing = self._listing._replace(state=parse_state(answer.out))

    def _run(self, *arguments: str, limit_s: float | None = None) -> Answer:
        return self._connection.run(_RUN, self._edge, "store", *arguments, limit_s=limit_s)
