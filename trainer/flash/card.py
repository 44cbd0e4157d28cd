"""A mounted SD card: its store is written from here, with the same functions as on the device."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.filesize import decimal

from edge.errors import DataError
from edge.store.activate import rollback
from edge.store.install import Request, install
from edge.store.layout import SYSTEM_ROOT, Store
from edge.store.verify import is_valid
from trainer.flash.job import Job
from trainer.flash.outcome import FLASHED, ROLLED_BACK, UNCHANGED, WOULD_FLASH, Outcome
from trainer.flash.rows import Row
from trainer.flash.target import Target


def flash_card(target: Target, job: Job, row: Row) -> Outcome:
    """Make the model of ``job`` current in the store of the card that is mounted at the target's folder.

    The self-test is run here, on the workstation; the model stays pending until the device itself has confirmed it.

    Raises :class:`~edge.errors.EdgeError` with what went wrong and how to mend it.
    """
    store = _store(target)
    before = store.linked("current")
    if before == job.sha256 and is_valid(store, job.sha256):
        detail = "this model is current already"
        return Outcome(target.name, UNCHANGED, detail, current=before, previous=store.linked("previous"))
    if job.dry_run:
        detail = f"would install {decimal(len(job.content))} in {store.root} and make it current"
        return Outcome(target.name, WOULD_FLASH, detail, current=before)
    row.stage("installing")
    with tempfile.TemporaryDirectory(prefix="edge-card-") as folder:
        model, signature = Path(folder) / "model.tflite", Path(folder) / "model.tflite.sig"
        model.write_bytes(job.content)
        if job.signature is not None:
            signature.write_bytes(job.signature)
        signed = signature if job.signature is not None else None
        request = Request(model, job.sha256, len(job.content), signed, True, job.allow_older)
        done = install(store, request)
    detail = "proved on this workstation; the device proves it at its start"
    return Outcome(target.name, FLASHED, detail, 0, done.sha256, before, len(job.content))


def roll_back_card(target: Target) -> Outcome:
    """Let the card's store go back to its previous model; a repeat changes nothing.

    Raises :class:`~edge.errors.EdgeError` with what went wrong and how to mend it.
    """
    store = _store(target)
    before = store.linked("current")
    return Outcome(target.name, ROLLED_BACK, "", 0, rollback(store).current, before)


def _store(target: Target) -> Store:
    assert target.folder is not None
    # An empty mount point would take the model, and nobody would ever read it.
    if not (target.folder / "etc").is_dir():
        raise DataError(f"{target.folder}: holds no system; mount the card's root partition, the one with etc in it")
    return Store(target.folder / SYSTEM_ROOT.relative_to("/"))
