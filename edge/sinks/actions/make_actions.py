"""From options to actions: what happens when a label comes or goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.sinks.actions.options import ActionOptions
from edge.sinks.extra import needs_extra
from edge.system.supported import check_system

if TYPE_CHECKING:
    from edge.sinks.actions.protocol import Action
    from edge.sinks.protocol import ObservationSink
    from edge.statistics import StreamStatistics


def check_actions(options: ActionOptions) -> None:
    """Check what can be checked before the stream starts, on a machine that need not be the one that runs it.

    Raises :class:`~edge.errors.UsageError` if options contradict each other or the webhook's address is not one.
    """
    if options.webhook_secret_file is not None and options.webhook is None:
        raise UsageError("--webhook-secret-file has no effect without --webhook; give both or neither")
    for option, given in (("--for", options.hold_s), ("--at-most-every", options.at_most_every_s)):
        if given is not None and not options.any:
            raise UsageError(f"{option} has no effect without --on-label, --on-label-end, --webhook or --gpio")
    if options.webhook is not None:
        from edge.sinks.actions.webhook_address import parse_webhook

        parse_webhook(options.webhook)


def make_actions(
    options: ActionOptions, statistics: StreamStatistics, write_message: Callable[[str], None]
) -> list[ObservationSink]:
    """The sink with the actions that ``options`` ask for, not opened yet; none if they ask for none.

    What the actions do is counted in ``statistics``; ``write_message`` gets messages about their failures.

    Raises what :func:`check_actions` raises, :class:`~edge.errors.UsageError` if a command does not exist or a pin is
    in use, :class:`~edge.errors.ConfigurationError` if the extra, pins or the file of the secret are missing, or a
    command is for another system, and :class:`~edge.errors.StorageError` if the queue of the webhook cannot be used.
    """
    check_actions(options)
    if not options.any:
        return []
    if options.on_label or options.on_label_end:  # a command that hangs is ended with all of its group
        check_system("a command on a label", "linux", instead="use --webhook")
    from edge.sinks.actions.command import CommandAction
    from edge.sinks.actions.events import LabelEvents
    from edge.sinks.actions.sink import ActionSink

    actions: list[Action] = [
        CommandAction(command.found(), at_end=at_end, statistics=statistics, write_message=write_message)
        for at_end, commands in ((False, options.on_label), (True, options.on_label_end))
        for command in commands
    ]
    if options.gpio:
        from edge.sinks.actions.gpio import PinAction

        with needs_extra("gpio"):
            actions += [PinAction(pin, statistics) for pin in options.gpio]
    if options.webhook is not None:  # the last one, because it claims the folder of its queue
        actions.append(_webhook(options.webhook, options, statistics, write_message))
    events = LabelEvents(for_s=options.hold_s or 0.0, at_most_every_s=options.at_most_every_s or 0.0)
    return [ActionSink(events, actions)]


def _webhook(
    text: str, options: ActionOptions, statistics: StreamStatistics, write_message: Callable[[str], None]
) -> Action:
    from edge.sinks.actions.disk_queue import DiskQueue
    from edge.sinks.actions.webhook import MOST_WAITING, WebhookAction, queue_folder
    from edge.sinks.actions.webhook_address import parse_webhook
    from edge.sinks.actions.webhook_client import WebhookClient
    from edge.sinks.secret_file import read_secret

    address, file = parse_webhook(text), options.webhook_secret_file
    secret = None if file is None else read_secret(file, "the webhook's secret", "--webhook-secret-file")
    client, queue = WebhookClient(address), DiskQueue(queue_folder(address), most=MOST_WAITING)
    queue.open()  # now: later it would be a failure of the sink, and commands and pins would wait for it
    return WebhookAction(
        client,
        address.place,
        queue,
        secret=secret,
        statistics=statistics,
        write_message=write_message,
    )
