"""``edge store``: the models of this device; there is always one that is whole."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from edge.commands.arguments import add_command, count
from edge.commands.health_window import add_switching_options, running_watch, wait_for_confirmation, watch_every_s
from edge.local_path import local_path
from edge.printable import printable

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.store.layout import Store


def add(commands: Commands) -> None:
    """Add the command, with commands of its own, to ``commands``."""
    from edge.store.retention import KEEP

    store = add_command(
        commands,
        "store",
        "Keep the models of this device: install, activate, go back.",
        "edge store install flowers.tflite --activate",
    )
    store.add_argument(
        "--root",
        type=local_path,
        metavar="DIR",
        help="the store's folder (default: $EDGE_STORE, else /var/lib/edge if you may write there, else "
        "edge in your data folder)",
    )
    own = store.add_subparsers(required=True, metavar="COMMAND")
    install = _add(
        own, "install", "Check a model file and install it in the store.", "flowers.tflite --activate", _install
    )
    install.add_argument("file", type=local_path, metavar="FILE", help="the model file")
    install.add_argument("--sha256", metavar="HEX", help="the sha256 that it must have")
    install.add_argument("--size", type=count, metavar="BYTES", help="the size in bytes that it must have")
    install.add_argument(
        "--signature", type=local_path, metavar="FILE.sig", help="its signature, made by ssh-keygen -Y sign"
    )
    install.add_argument("--activate", action="store_true", help="make it the current model too")
    add_switching_options(install)
    _add(own, "list", "List the installed models, newest first.", "--json", _list)
    verify = _add(own, "verify", "Check bytes, structure and signature of installed models.", "", _verify)
    verify.add_argument("sha256", nargs="?", metavar="SHA", help="the first digits of a sha256 (default: all models)")
    activate = _add(own, "activate", "Make an installed model the current one.", "3f2a91 --health-window 60", _activate)
    activate.add_argument("sha256", metavar="SHA", help="the first digits of its sha256")
    add_switching_options(activate)
    _add(own, "rollback", "Go back to the previous model; a second call changes nothing.", "", _rollback)
    collect = _add(own, "gc", "Remove old models.", "--keep 1", _gc)
    collect.add_argument("--keep", type=count, default=KEEP, metavar="N", help="models that stay (default %(default)s)")
    _add(own, "confirm", "Confirm the current model: it is not pending any more.", "", _confirm)
    _add(own, "current", "Print the path of the current model.", "", _current)


def _add(own: Commands, name: str, text: str, example: str, command: Any) -> argparse.ArgumentParser:
    parser = add_command(own, name, text, f"edge store {name} {example}".rstrip())
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=command)
    return parser


def _store(options: argparse.Namespace) -> Store:
    from edge.store.layout import Store, default_root
    from edge.system.supported import check_system

    check_system("edge store", "linux", instead="give edge label the model file itself: --model FILE")
    return Store(options.root or default_root())


def _install(options: argparse.Namespace) -> int:
    from edge.messages import print_message
    from edge.store.install import InstallRequest, install

    store = _store(options)
    before = running_watch(options) if options.activate else None
    request = InstallRequest(
        options.file,
        sha256=options.sha256,
        size_bytes=options.size,
        signature=options.signature,
        activate=options.activate,
        allow_older=options.allow_older,
    )
    done = install(store, request)
    for line in done.messages:
        print_message(line)
    by = wait_for_confirmation(options, store, done.state, done.sha256, before) if options.activate else None
    facts = {
        "sha256": done.sha256,
        "size_bytes": done.size_bytes,
        "outcome": done.outcome,
        "signer": done.signer,
        "self_test": done.self_test,
        "removed": done.removed,
    }
    text = {"installed": "installed", "present": "is installed already", "unchanged": "is current already, unchanged"}
    return _answer(options, store, facts, f"{done.sha256} {text[done.outcome]}", by)


def _activate(options: argparse.Namespace) -> int:
    from edge.store.activate import activate

    store = _store(options)
    sha256 = store.find(options.sha256)
    before = running_watch(options)
    state = activate(store, sha256, allow_older=options.allow_older)
    by = wait_for_confirmation(options, store, state, sha256, before)
    return _answer(options, store, {"sha256": sha256}, f"{sha256} is current", by)


def _list(options: argparse.Namespace) -> int:
    from edge.messages import print_message
    from edge.store.retention import newest_first
    from edge.store.signature import allowed_signers_path
    from edge.store.state import read_state

    store = _store(options)
    state = read_state(store)
    models = []
    for sha256 in newest_first(store, state):
        try:
            record = json.loads(store.record(sha256).read_bytes())
        except (OSError, ValueError):
            record = {}
        marks = [name for name in ("current", "previous") if store.linked(name) == sha256]
        marks += ["pending"] if state.pending and sha256 == state.current else []
        models.append({"sha256": sha256, "marks": marks, **record})
    if options.json:
        signers = allowed_signers_path(store)
        device = {
            "allowed_signers": signers and str(signers),
            "watch_every_s": watch_every_s(store),
            "free_bytes": store.free_bytes(),
            "interpreter": _interpreter(),
        }
        print(json.dumps({**_situation(store), **device, "models": models}))
        return 0
    if not models:
        print_message(f"{store.root}: no model is installed; edge store install FILE --activate does it")
    for model in models:
        facts = [model.get("architecture"), model.get("quantization"), f"{model.get('size_bytes', '?')} bytes"]
        line = f"{model['sha256']}  {' '.join(fact for fact in facts if fact)}  {' '.join(model['marks'])}"
        print(printable(line.rstrip()))
    return 0


def _interpreter() -> dict[str, str | None] | None:
    """Name and version of the interpreter in use here, None if there is none."""
    from edge.errors import EdgeError
    from edge.store.compatibility import runtime_here

    try:
        return runtime_here()._asdict()
    except EdgeError:
        return None


def _verify(options: argparse.Namespace) -> int:
    from edge.errors import EdgeError, ModelError
    from edge.store.verify import verify

    store = _store(options)
    faults: dict[str, str | None] = {}
    for sha256 in [store.find(options.sha256)] if options.sha256 else store.installed():
        try:
            verify(store, sha256)
            faults[sha256] = None
        except EdgeError as error:
            faults[sha256] = str(error)
    if options.json:
        print(json.dumps({"models": [{"sha256": sha256, "fault": fault} for sha256, fault in faults.items()]}))
    else:
        for sha256, fault in faults.items():
            print(printable(f"{sha256}  {fault or 'whole'}"))
    bad = sum(fault is not None for fault in faults.values())
    if bad:
        raise ModelError(f"{store.root}: {bad} of {len(faults)} models are not as they were installed")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from edge.store.activate import rollback

    store = _store(options)
    state = rollback(store)
    return _answer(options, store, {}, f"{state.current} is current", None)


def _gc(options: argparse.Namespace) -> int:
    from edge.store.retention import collect
    from edge.store.transaction import change

    store = _store(options)
    with change(store, "gc") as state:
        removed = collect(store, state, options.keep)
    return _answer(options, store, {"removed": removed}, f"removed {len(removed)}", None)


def _confirm(options: argparse.Namespace) -> int:
    from edge.store.activate import confirm

    store = _store(options)
    state = confirm(store)
    return _answer(options, store, {}, f"{state.current} is current", None)


def _current(options: argparse.Namespace) -> int:
    from edge.errors import DataError

    store = _store(options)
    sha256 = store.linked("current")
    if sha256 is None:
        raise DataError(f"{store.root}: no model is current; run edge store install FILE --activate")
    print(json.dumps(_situation(store)) if options.json else store.model(sha256))
    return 0


def _situation(store: Store) -> dict[str, Any]:
    """What every command answers in JSON: the current model, and whether it is confirmed."""
    from dataclasses import asdict

    from edge.store.state import read_state

    state = read_state(store)
    current = store.linked("current")
    return {
        "root": str(store.root),
        "current": current,
        "path": current and str(store.model(current)),
        "previous": store.linked("previous"),
        "pending": state.pending,
        "returned": state.returned and asdict(state.returned),
    }


def _answer(options: argparse.Namespace, store: Store, facts: dict[str, Any], text: str, by: str | None) -> int:
    from edge.messages import print_message

    situation = _situation(store)
    if options.json:
        print(json.dumps({**facts, **situation, "confirmed_by": by}))
        return 0
    mark = f", confirmed by the {by}" if by else ", pending" if situation["pending"] else ""
    print(printable(text + mark))
    returned = situation["returned"]
    if returned and returned["by_itself"]:
        print_message(f"the store went back by itself from {returned['source']}: {returned['reason']}")
    return 0
