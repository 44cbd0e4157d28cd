"""Start a server of labels, and end it: what was accepted is answered first."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

from edge.distribution import install_command
from edge.errors import ConfigurationError, UsageError
from edge.inference.interpreter import check_threads, choose_runtime
from edge.inference.processor import check_processor
from edge.live.model import ModelChoice
from edge.live.signals import signals_to, wait_for_end
from edge.messages import print_message
from edge.pictures.heif_limits import return_large_blocks
from edge.service.notify import Notifier
from edge.service.serve_unit import DRAIN_S
from edge.serving.application import LabelService, make_serve_application
from edge.serving.counts import ServeCounts
from edge.serving.front import Front
from edge.serving.label_pool import STUCK_S, LabelPool, LabelSettings
from edge.serving.metrics import ServeMetrics
from edge.serving.models import ServedModels
from edge.sinks.http_server import HttpServer, listen
from edge.sinks.web.access import SERVE_TOKEN_VARIABLE, is_loopback
from edge.sinks.web.sink import page_url
from edge.system.signals import interrupted_at_once

CONNECTIONS = 256
"""The most connections at the same time."""

# A picture of 2 megapixels; with 1 MiB, usual photos took 0.3 ms more each. The first HEIC or AVIF changes it to 1 MiB.
_LARGE_BYTES = 8 << 20
_FINISH_S = 2.0  # how long the last answers may take to be read; uvicorn itself ends them after about 1.1 s
_REFUSE_S = 0.5  # how long it may take to refuse what was not answered in time


class ServeSettings(NamedTuple):
    """What is served, and where.

    ``choices`` are the models by name, the default first. A body may have ``body_bytes``; ``room`` pictures may wait or
    be in work at the same time, on ``workers`` threads.
    """

    choices: Mapping[str, ModelChoice]
    host: str
    port: int
    token: str | None
    labelling: LabelSettings
    workers: int
    room: int
    body_bytes: int


class LabelServer:
    """A server of labels that runs: models, pool and HTTP server."""

    def __init__(self, settings: ServeSettings) -> None:
        """Load the models, make all interpreters, and serve.

        Raises :class:`~edge.errors.EdgeError` if a model, the interpreter, the address or the token cannot be used.
        """
        check_access(settings.host, settings.token)
        check_threads(settings.workers)
        choose_runtime(settings.labelling.runtime)
        check_processor()
        # Or each worker would keep the memory of the largest pictures that it has decoded.
        return_large_blocks(_LARGE_BYTES)
        self.counts = ServeCounts()
        self._front = Front(self.counts)
        with contextlib.ExitStack() as undo:
            listener = listen(settings.host, settings.port, "[HOST:]PORT")
            undo.callback(listener.close)
            self.port: int = listener.getsockname()[1]
            self.models = ServedModels(settings.choices, self.counts, print_message)
            self.models.load()
            self.pool = LabelPool(settings.workers, settings.room, settings.labelling)
            undo.callback(self.pool.close)
            self.pool.warm(self.models.all())
            service = LabelService(self.models, self.pool, self.counts, settings.body_bytes)
            application = make_serve_application(
                service,
                ServeMetrics(self.counts, self.pool, self.models),
                self._front,
                token=settings.token,
                port=self.port,
                body_bytes=settings.body_bytes,
                room=settings.room,
                all_stuck=self.pool.all_stuck,
            )
            self._stuck = False
            self._server: HttpServer | None = HttpServer(application, listener, "serve", connections=CONNECTIONS)
            undo.pop_all()

    def look(self, notifier: Notifier, text: str) -> None:
        """Say so if all workers are stuck; else tell the watchdog of ``notifier`` that this server lives: ``text``.

        That is told by the event loop, so that it lives too. To be called about every second.
        """
        stuck = self.pool.all_stuck()
        if stuck != self._stuck:
            self._stuck = stuck
            line = f"stuck: each worker has been in one picture for more than {STUCK_S:g} s; /health answers 503"
            print_message(f"{line} until one gets on" if stuck else "a worker gets on again")
        if not stuck and self._server is not None:
            self._server.call(lambda: notifier.labelled(text))

    def end(self, limit_s: float = DRAIN_S) -> bool:
        """Take no more requests, answer those that were accepted, for ``limit_s`` seconds at most; then end.

        Pictures that are not labelled then are answered with 503. Returns whether there were none. A second call does
        nothing.
        """
        server, self._server = self._server, None
        if server is None:
            return True
        server.stop_listening(self._front.drain)
        answered = self._front.idle.wait(limit_s)
        self.pool.close()
        self.models.stop()
        server.finish(_FINISH_S if answered or self._front.idle.wait(_REFUSE_S) else 0.0)
        return answered


def serve(settings: ServeSettings) -> int:
    """Serve until a signal ends it; returns the exit code.

    SIGTERM ends it with 0 and SIGINT with 130, after the requests that were accepted. SIGHUP reads the model files
    again. While models are loaded with a delegate, each of these signals ends the process at once.

    Raises what :class:`LabelServer` raises.
    """
    events: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    notifier = Notifier()
    with contextlib.ExitStack() as handlers:
        if settings.labelling.delegate is None:
            handlers.enter_context(signals_to(events))
            server = LabelServer(settings)
        else:
            with interrupted_at_once():  # its code may hang, and then no handler is called
                server = LabelServer(settings)
            handlers.enter_context(signals_to(events))
        try:
            url = page_url("127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host, server.port)
            text = f"serving {', '.join(settings.choices)} at {url}"
            print_message(text)
            notifier.ready(text)
            code = wait_for_end(events, server.models.request, lambda: server.look(notifier, text))
            notifier.stopping()
            if not server.end():
                print_message(f"some pictures were not labelled within {DRAIN_S:g} s")
        finally:
            server.end(0.0)  # or its workers would hold the process
        notifier.close()
    return code


def check_access(host: str, token: str | None) -> None:
    """Check that labels may be served on ``host`` with ``token``.

    Raises :class:`~edge.errors.UsageError` if other machines could use it without a token, and
    :class:`~edge.errors.ConfigurationError` if the extra is not installed.
    """
    if token is None and not is_loopback(host):
        raise UsageError(
            f"{host} would label pictures of every machine; give --token-file FILE, or set {SERVE_TOKEN_VARIABLE}"
        )
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise ConfigurationError(f"edge serve needs more packages: {install_command('serve')}")
