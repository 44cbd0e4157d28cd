"""Flash a mounted SD card: its store is written on the workstation, by the same functions as on the device."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.filesize import decimal

from edge.errors import DataError
from edge.store.activate import rollback
from edge.store.install import InstallRequest, check_request, install
from edge.store.layout import SYSTEM_ROOT, Store
from edge.store.verify import is_valid
from edge.system.supported import check_system
from trainer.flash.delivery import Delivery
from trainer.flash.device_result import FLASHED, ROLLED_BACK, UNCHANGED, WOULD_FLASH, DeviceResult
from trainer.flash.progress_rows import ProgressRow
from trainer.flash.target import Target


def flash_card(target: Target, delivery: Delivery, row: ProgressRow) -> DeviceResult:
    """Make the model of ``delivery`` current in the store of the card that is mounted at the folder of ``target``.

    The self-test runs on the workstation. The model stays pending until the device itself has confirmed it.

    Raises :class:`~edge.errors.EdgeError` that says what is wrong and how to fix it.
    """
    store = _store(target)
    before = store.linked("current")
    if before == delivery.sha256 and is_valid(store, delivery.sha256):
        detail = "this model is already current"
        return DeviceResult(target.name, UNCHANGED, detail, current=before, previous=store.linked("previous"))
    row.stage("installing")
    with tempfile.TemporaryDirectory(prefix="edge-card-") as folder:
        model, signature = Path(folder) / "model.tflite", Path(folder) / "model.tflite.sig"
        model.write_bytes(delivery.content)
        if delivery.signature is not None:
            signature.write_bytes(delivery.signature)
        signed = signature if delivery.signature is not None else None
        request = InstallRequest(
            model,
            sha256=delivery.sha256,
            size_bytes=len(delivery.content),
            signature=signed,
            activate=True,
            allow_older=delivery.allow_older,
        )
        if delivery.dry_run:
            check_request(store, request)
            detail = f"would install {decimal(len(delivery.content))} in {store.root} and make it current"
            return DeviceResult(target.name, WOULD_FLASH, detail, current=before)
        installed = install(store, request)
    return DeviceResult(
        target.name,
        FLASHED,
        "the self-test passed on this workstation; the device repeats it when it starts",
        current=installed.sha256,
        previous=before,
        sent_bytes=len(delivery.content),
    )


def roll_back_card(target: Target) -> DeviceResult:
    """Make the previous model of the card's store current again; a repeat changes nothing.

    Raises :class:`~edge.errors.EdgeError` that says what is wrong and how to fix it.
    """
    store = _store(target)
    before = store.linked("current")
    return DeviceResult(target.name, ROLLED_BACK, current=rollback(store).current, previous=before)


def _store(target: Target) -> Store:
    assert target.folder is not None
    check_system("flashing a mounted card", "linux", instead="flash the device over ssh, or make a bundle")
    # In an empty mount point the model would stay on the workstation, and no device would read it.
    if not (target.folder / "etc").is_dir():
        raise DataError(
            f"{target.folder}: contains no system; mount the card's root partition, the one with the folder etc"
        )
    return Store(target.folder / SYSTEM_ROOT.relative_to("/"))
