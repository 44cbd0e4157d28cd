"""Flash targets, or roll them back: hosts over SSH, SD cards in their folder, each with a row of progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from trainer.flash.delivery import Delivery
from trainer.flash.device_result import FAILED, DeviceResult
from trainer.flash.progress_rows import ProgressRow, progress_rows
from trainer.flash.rollout import Rollout, roll_out
from trainer.flash.sd_card import flash_card, roll_back_card
from trainer.flash.ssh_connection import SshOptions
from trainer.flash.ssh_host import flash_host, roll_back_host
from trainer.flash.target import Target


def ssh_options(targets: list[Target], config: Path | None, *, interactive: bool) -> SshOptions:
    """The options of ssh: it may ask questions only for a single target and if the terminal is ``interactive``.

    The questions of several connections at the same time would mix. ``config`` is ssh's configuration file.
    """
    return SshOptions(batch=len(targets) > 1 or not interactive, config=config)


def flash_targets(targets: list[Target], delivery: Delivery, rollout: Rollout) -> list[DeviceResult]:
    """Make the model of ``delivery`` current on every target; the results are in the order of ``targets``."""

    def flash(target: Target, row: ProgressRow) -> DeviceResult:
        return flash_card(target, delivery, row) if target.folder else flash_host(target, delivery, row)

    return _with_rows(targets, flash, rollout)


def preview_flash(targets: list[Target], delivery: Delivery, *, jobs: int) -> list[DeviceResult]:
    """What :func:`flash_targets` would do, asking ``jobs`` targets at the same time; nothing is changed."""
    return flash_targets(targets, replace(delivery, dry_run=True), Rollout(jobs))


def roll_back_targets(targets: list[Target], ssh: SshOptions, rollout: Rollout) -> list[DeviceResult]:
    """Make the previous model of every target current again; the results are in the order of ``targets``."""

    def roll_back(target: Target, row: ProgressRow) -> DeviceResult:
        return roll_back_card(target) if target.folder else roll_back_host(target, ssh, row)

    return _with_rows(targets, roll_back, rollout)


def _with_rows(
    targets: list[Target], work: Callable[[Target, ProgressRow], DeviceResult], rollout: Rollout
) -> list[DeviceResult]:
    stopping = threading.Event()
    with progress_rows(targets, stopping) as rows:

        def work_in_row(target: Target) -> DeviceResult:
            try:
                result = work(target, rows[target])
            except Exception:
                rows[target].end(FAILED)
                raise
            rows[target].end(result.state)
            return result

        return roll_out(targets, work_in_row, rollout, stopping)
