"""``trainer teach``: teach a model at the camera, in the browser."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import typer

from edge.commands.arguments import pixel_options
from edge.commands.sink_options import sink_options
from edge.commands.stream_options import open_stream, stream_settings
from edge.commands.teach_options import DEFAULT_ADDRESS, DEFAULT_FOLDER, add_teach_options, teach_source
from edge.errors import UsageError
from edge.modelfile.normalization import given_normalization
from edge.parallel import available_cores
from edge.sinks.web.access import WEB_TOKEN_VARIABLE
from edge.store.layout import Store, default_root
from edge.system.supported import check_system
from trainer.backbones.architectures import Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.commands.argparse_options import takes_options_of
from trainer.commands.skipped_files import name_skipped
from trainer.teach.options import TeachOptions
from trainer.terminal.interactive import is_interactive
from trainer.terminal.progress_bars import TerminalProgress


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trainer teach")
    add_teach_options(parser)
    return parser


def _teach(options: argparse.Namespace) -> None:
    """Teach a model at the camera: show something, say what it is, and the model knows it seconds later.

    The page in the browser has a button for each class. The photos are kept in FOLDER, as trainer retrain reads them.
    """
    progress = TerminalProgress()
    if options.pull is not None:
        _pull(options, progress)
        return
    check_system("a session of trainer teach", "linux", "darwin", instead="teach on the device, then use --pull here")
    from trainer.teach.run import run_teach

    raise typer.Exit(run_teach(_teach_options(options), progress))


def _pull(options: argparse.Namespace, progress: TerminalProgress) -> None:
    from trainer.flash.pull import pull

    if options.source is not None and options.folder != DEFAULT_FOLDER:
        raise UsageError("--pull copies photos into one folder and needs no SOURCE; give FOLDER alone")
    folder = options.folder if options.source is None else Path(options.source)
    pulled = pull(
        options.pull,
        options.pull_folder,
        folder,
        progress,
        config=options.ssh_config,
        interactive=is_interactive(),
    )
    name_skipped(pulled.skipped, progress)
    progress.message(f"{folder}: {pulled.copied} photos copied, {pulled.here} were here already")


def _teach_options(options: argparse.Namespace) -> TeachOptions:
    return TeachOptions(
        source=open_stream(teach_source(options), options),
        folder=options.folder,
        settings=stream_settings(options),
        sinks=sink_options(options)._replace(web=None, web_token=None),
        address=options.web or DEFAULT_ADDRESS,
        token=options.web_token or os.environ.get(WEB_TOKEN_VARIABLE) or None,
        max_frame_age_s=options.max_frame_age,
        retries=options.retries,
        threads=options.threads or available_cores(),
        status=options.status,
        runtime=options.runtime,
        backbone=options.backbone,
        architecture=Architecture.parse(options.architecture) if options.architecture else None,
        weights=options.weights,
        remember=options.remember,
        bottleneck_dir=options.bottleneck_dir or default_bottleneck_dir(),
        inbox=options.inbox,
        store=Store(options.store or default_root()),
        normalization=given_normalization(**pixel_options(options)),
    )


teach_command = takes_options_of(_parser(), _teach)
