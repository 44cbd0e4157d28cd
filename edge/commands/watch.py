"""``edge watch``: label a live stream."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.commands.action_options import action_options, add_action_options
from edge.commands.arguments import add_command, add_model, add_model_options, model_path, pixel_options
from edge.commands.delegate_options import delegate_choice
from edge.commands.sink_options import add_frame_option, add_sink_options, sink_options
from edge.commands.stream_options import add_stream_options, open_stream, source_address, stream_settings

if TYPE_CHECKING:
    from edge.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    watch = add_command(
        commands,
        "watch",
        "Label a live stream, for weeks: a camera, an address, a video file or a folder that grows.",
        "edge watch 0 --model models/flowers.tflite --web 8080",
    )
    add_watch_options(watch)
    watch.set_defaults(command=_watch)


def add_watch_options(parser: argparse.ArgumentParser) -> None:
    """Add the source and every option of the command."""
    add_stream_options(parser)
    parser.add_argument(
        "--reject", action="store_true", help="the label is unknown for pictures that are like no class of the model"
    )
    add_model(parser)
    add_model_options(parser)
    add_sink_options(parser)
    add_frame_option(parser)
    add_action_options(parser)


def _watch(options: argparse.Namespace) -> int:
    from edge.system.supported import check_system

    check_system("edge watch", "linux", "darwin", instead="label files with edge label, or watch on the device")
    # Imported here, because only a stream needs them: sockets, queues, OpenCV for some sources.
    from edge.controls import StreamControls
    from edge.live.model import ModelChoice
    from edge.live.model_updates import model_updates
    from edge.live.watch_source import watch_source
    from edge.messages import print_message
    from edge.parallel import available_cores
    from edge.sinks.actions.make_actions import make_actions
    from edge.sinks.make_sinks import make_sinks
    from edge.statistics import StreamStatistics

    address, statistics, actions = source_address(options.source), StreamStatistics(), action_options(options)
    model = ModelChoice(
        path=model_path(options.model),
        labels=options.labels,
        threads=options.threads or available_cores(),
        runtime=options.runtime,
        reject=options.reject,
        delegate=delegate_choice(options),
        **pixel_options(options),
    )
    controls = StreamControls(options.score_threshold)
    updates = model_updates(model.path, statistics, options.every)
    sinks = make_sinks(sink_options(options), statistics, print_message, controls=controls, updates=updates)
    return watch_source(
        open_stream(address, options),
        model,
        [*sinks, *make_actions(actions, statistics, print_message)],
        stream_settings(options, actions.labels),
        statistics,
        max_frame_age_s=options.max_frame_age,
        retries=options.retries,
        status=options.status,
        controls=controls,
    )
