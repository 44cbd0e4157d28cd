"""``edge service``: ``edge watch``, ``edge serve`` or ``trainer teach`` as a systemd service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.action_options import action_options
from edge.commands.arguments import add_command, model_path
from edge.commands.delegate_options import delegate_choice
from edge.commands.serve_options import add_serve_options, named_models, split_model
from edge.commands.sink_options import sink_options
from edge.commands.stream_options import source_address
from edge.commands.teach_options import DEFAULT_FOLDER, OFFLINE, add_teach_options, named_source, teach_source
from edge.commands.watch import add_watch_options
from edge.local_path import local_path
from edge.secrets import ENVIRONMENT_SOURCE, SOURCE_VARIABLE
from edge.service.unit import UNIT_FOLDER
from edge.status import SERVE_SERVICE_NAME, SERVICE_NAME, TEACH_SERVICE_NAME

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.service.arguments import WatchArguments
    from edge.service.serve_unit import ServeArguments
    from edge.sinks.actions.options import ActionOptions


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    service = add_command(
        commands,
        "service",
        "Print a systemd unit that runs edge watch with few rights and starts it again after a fault.",
        "edge service --output edge-watch.service 0 --model models/flowers.tflite --web 8080",
    )
    _add_own_options(service)
    service.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="SOURCE [OPTION ...]",
        help="the arguments of edge watch, whose help names the options; with -- instead of SOURCE it is "
        f"${SOURCE_VARIABLE}, which the service must have too",
    )
    service.set_defaults(command=_service)


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    program = parser.add_mutually_exclusive_group()
    program.add_argument(
        "--teach",
        action="store_true",
        default=None,
        help="run trainer teach instead, with its arguments: SOURCE, FOLDER and its options; it may write into FOLDER, "
        "the inbox, the cache folder and the store",
    )
    program.add_argument(
        "--serve",
        action="store_true",
        default=None,
        help="run edge serve instead, with its arguments: [HOST:]PORT and its options",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--output", type=local_path, metavar="FILE", help="write the unit to this file instead")
    place.add_argument(
        "--install", action="store_true", default=None, help=f"write the unit into {UNIT_FOLDER} (as root: sudo)"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help=f"the name of the service (default {SERVICE_NAME}; with --teach {TEACH_SERVICE_NAME}, with --serve "
        f"{SERVE_SERVICE_NAME})",
    )
    parser.add_argument(
        "--user",
        metavar="USER",
        help="the user of the service (default: one that systemd makes; you, if that one could not read the files)",
    )


def _service(options: argparse.Namespace) -> int:
    from edge.system.supported import check_system

    check_system("edge service", "linux", instead="start the command as your system starts programs")
    from edge.files import write_whole
    from edge.messages import print_message
    from edge.service.make_unit import installed_path, make_unit, next_steps
    from edge.service.serve_unit import make_serve_unit

    words = _take_own_options(options)
    if options.serve:
        name = options.name or SERVE_SERVICE_NAME
        text = make_serve_unit(_serve_arguments(words), name, options.user)
    else:
        name = options.name or (TEACH_SERVICE_NAME if options.teach else SERVICE_NAME)
        text = make_unit(_teach_arguments(words) if options.teach else _watch_arguments(words), name, options.user)
    path = installed_path(name) if options.install else options.output
    if path is None:
        sys.stdout.write(text)
        return 0
    write_whole(path, text.encode("utf-8", "surrogateescape"))
    print_message(f"wrote {path}; next: {next_steps(path, name)}")
    return 0


def _take_own_options(options: argparse.Namespace) -> list[str]:
    """The arguments of the program, without the options of this command that stand among them."""
    own = argparse.ArgumentParser(prog="edge service", add_help=False, allow_abbrev=False)
    _add_own_options(own)
    given = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    late, words = own.parse_known_args(given)
    for key, value in vars(late).items():
        if value is not None:
            setattr(options, key, value)
    return words


def _watch_arguments(words: list[str]) -> WatchArguments:
    """The arguments of ``edge watch`` in ``words``, with the model that it finds here: a service may find another."""
    from edge.service.arguments import WatchArguments

    watch = argparse.ArgumentParser(prog="edge service", add_help=False, allow_abbrev=False)
    add_watch_options(watch)
    parsed = watch.parse_args(words)
    source = source_address(parsed.source)
    model = model_path(parsed.model)
    return WatchArguments(
        words=(*words, *(() if parsed.model else ("--model", str(model)))),
        source=source,
        source_word=parsed.source,
        model=model,
        labels=parsed.labels,
        status=parsed.status,
        every_s=parsed.every,
        sinks=sink_options(parsed),
        recursive=parsed.recursive,
        ca_file=parsed.ca_file,
        actions=_checked_actions(parsed),
        delegate=delegate_choice(parsed),
    )


def _checked_actions(parsed: argparse.Namespace) -> ActionOptions:
    """The actions of ``parsed``; the commands have the full paths of their programs, which a service may not find."""
    from edge.sinks.actions.make_actions import check_actions

    actions = action_options(parsed)
    check_actions(actions)
    on_label, on_label_end = (
        tuple(command.found() for command in some) for some in (actions.on_label, actions.on_label_end)
    )
    return actions._replace(on_label=on_label, on_label_end=on_label_end)


def _serve_arguments(words: list[str]) -> ServeArguments:
    """The arguments of ``edge serve`` in ``words``, with the model that it finds here."""
    from edge.service.serve_unit import ServeArguments

    serve = argparse.ArgumentParser(prog="edge service --serve", add_help=False, allow_abbrev=False)
    add_serve_options(serve)
    parsed = serve.parse_args(words)
    named_models(parsed)  # refuses two of one name
    given = parsed.model or [str(model_path(None))]
    return ServeArguments(
        words=(*words, *([] if parsed.model else ["--model", *given])),
        host=parsed.address[0],
        models={word: split_model(word) for word in given},
        labels=parsed.labels,
        token_file=parsed.token_file,
        delegate=delegate_choice(parsed),
    )


def _teach_arguments(words: list[str]) -> WatchArguments:
    """The arguments of ``trainer teach`` in ``words``, with the folders that it finds here."""
    from edge.cache_folder import default_cache_folder
    from edge.service.arguments import TeachPaths, WatchArguments
    from edge.store.layout import default_root

    teach = argparse.ArgumentParser(prog="edge service --teach", add_help=False, allow_abbrev=False)
    add_teach_options(teach)
    teach.set_defaults(folder=None)
    parsed = teach.parse_args(words)
    paths = TeachPaths(
        folder=parsed.folder or DEFAULT_FOLDER,
        inbox=parsed.inbox,
        cache=parsed.bottleneck_dir or default_cache_folder(),
        store=parsed.store or default_root(),
        backbone=parsed.backbone,
        weights=Path(parsed.weights) if parsed.weights and parsed.weights != OFFLINE else None,
    )
    added = [] if parsed.source else [ENVIRONMENT_SOURCE]
    added += [] if parsed.folder else [str(paths.folder)]
    added += [] if parsed.bottleneck_dir else ["--bottleneck-dir", str(paths.cache)]
    added += [] if parsed.store else ["--store", str(paths.store)]
    return WatchArguments(
        words=(*words, *added),
        source=teach_source(parsed),
        source_word=named_source(parsed),
        model=None,
        labels=None,
        status=parsed.status,
        every_s=parsed.every,
        sinks=sink_options(parsed),
        recursive=parsed.recursive,
        ca_file=parsed.ca_file,
        teach=paths,
    )
