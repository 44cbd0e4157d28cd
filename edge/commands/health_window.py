"""The health window of ``edge store install --activate`` and ``edge store activate``: its options, and the wait."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.commands.arguments import seconds
from edge.local_path import local_path

if TYPE_CHECKING:
    from edge.status import WatchStatus
    from edge.store.layout import Store
    from edge.store.state import State


def add_switching_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--allow-older``, and the options that the functions of this module read."""
    parser.add_argument("--allow-older", action="store_true", help="also if it was installed before the current model")
    parser.add_argument(
        "--health-window",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="time for an edge watch that labels frames to label one with it, else the store goes back; at least twice "
        "its --every is given (default %(default)g; 0: it stays pending)",
    )
    parser.add_argument(
        "--status",
        type=local_path,
        metavar="FILE",
        help="the status file of edge watch (default: $EDGE_STATUS, else that of its service)",
    )


def running_watch(options: argparse.Namespace) -> WatchStatus | None:
    """The status file of the running ``edge watch`` before the switch; None if there is none, or it is not needed.

    If the file cannot be read, one line on stderr says so, and the self-test alone decides.
    """
    from edge.errors import StorageError
    from edge.messages import print_message
    from edge.status import default_status, read_status

    if not options.health_window:
        return None
    try:
        return read_status(options.status or default_status())
    except StorageError as error:
        print_message(f"only the self-test will confirm the model: {error}")
        return None


def wait_for_confirmation(
    options: argparse.Namespace, store: Store, state: State, sha256: str, before: WatchStatus | None
) -> str | None:
    """Wait until the model is confirmed, if it is pending; returns what confirmed it."""
    from edge.messages import print_message
    from edge.status import default_status
    from edge.store.health import await_confirmation, window_of

    if not (state.pending and state.current == sha256 and options.health_window):
        return None
    if before and before.is_fresh and window_of(options.health_window, before.every_s) > options.health_window:
        print_message(f"edge watch labels a frame every {before.every_s:g} s: the health window is twice that")
    return await_confirmation(
        store,
        sha256,
        window_s=options.health_window,
        status=options.status or default_status(),
        before=before,
    )


def watch_every_s(store: Store) -> float:
    """The time between two labelled frames of the ``edge watch`` with a model of this store; 0 if none is labelling."""
    from edge.errors import StorageError
    from edge.status import default_status, read_status

    try:
        watch = read_status(default_status())
    except StorageError:
        return 0.0
    return watch.every_s if watch and watch.is_fresh and watch.model_sha256 in store.installed() else 0.0
