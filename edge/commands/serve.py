"""``edge serve``: labels over HTTP."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, pixel_options
from edge.commands.delegate_options import delegate_choice
from edge.commands.serve_options import add_serve_options, named_models, token

if TYPE_CHECKING:
    from edge.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    serve = add_command(
        commands,
        "serve",
        "Label pictures that other programs send over HTTP.",
        "edge serve 8080 --model models/flowers.tflite",
    )
    add_serve_options(serve)
    serve.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    from edge.system.supported import check_system

    check_system("edge serve", "linux", "darwin", instead="label files with edge label, or serve on the device")
    # Imported here, because only a server needs them.
    from edge.live.model import ModelChoice
    from edge.parallel import available_cores
    from edge.serving.label_pool import LabelSettings
    from edge.serving.serve import ServeSettings, serve

    delegate = delegate_choice(options)
    choices = {
        name: ModelChoice(
            path=path,
            labels=options.labels,
            threads=1,
            runtime=options.runtime,
            reject=options.reject,
            delegate=delegate,
            **pixel_options(options),
        )
        for name, path in named_models(options).items()
    }
    host, port = options.address
    settings = ServeSettings(
        choices=choices,
        host=host,
        port=port,
        token=token(options),
        labelling=LabelSettings(options.runtime, options.top_k, options.score_threshold, options.reject, delegate),
        workers=options.threads or available_cores(),
        room=options.queue,
        body_bytes=options.max_body_mb << 20,
    )
    return serve(settings)
