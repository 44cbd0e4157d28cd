"""The end of the threads that Ray Data starts, without a cluster."""

from __future__ import annotations

import threading

from trainer.cluster.ray_workers import RayWorkers
from trainer.progress import Progress


class Waiting:
    """Waits in a thread until it is stopped, as a thread of Ray Data does."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        """Wait."""
        self._stopped.wait()

    def stop(self) -> None:
        """End the wait."""
        self._stopped.set()


class OfRay(Waiting):
    """The same in a module of Ray."""

    def run(self) -> None:
        """Wait."""
        super().run()


OfRay.run.__module__ = "ray.data._internal.block_batching.util"


def test_those_that_came_with_the_work_end_with_it() -> None:
    """Those of the connection are Ray's own affair, and those of other code have nothing to do with it."""
    of_connection, of_work, other = OfRay(), OfRay(), Waiting()
    of_connection.thread.start()
    workers = RayWorkers(Progress(None, lambda text: None))
    of_work.thread.start()
    other.thread.start()
    workers.close()
    assert [waiting.thread.is_alive() for waiting in (of_connection, of_work, other)] == [True, False, True]
    for waiting in (of_connection, other):
        waiting.stop()
        waiting.thread.join()
