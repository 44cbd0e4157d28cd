"""The options of a teaching session with its stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError
from edge.live.watch import WatchSettings
from edge.modelfile.normalization import Normalization
from edge.sinks.make_sinks import Address, SinkOptions
from edge.sources.protocol import FrameSource
from edge.store.layout import Store
from trainer.backbones.architectures import Architecture


@dataclass(frozen=True)
class TeachOptions:
    """The options of ``trainer teach``, most of them named like the options of the command.

    ``source`` is not open yet. ``folder`` has one folder of photos for each class. ``sinks`` are the sinks beside the
    page, which is served at ``address`` with ``token``. ``threads`` is the number of CPU threads for one frame.
    ``backbone`` is a model file or a network of another project, and ``normalization`` is for one that does not say how
    its pixels are scaled; without it and without ``architecture`` and ``weights`` it is the current model of
    ``store``, if there is one. ``remember`` is the number of bottlenecks of each class that saved models get.
    """

    source: FrameSource
    folder: Path
    settings: WatchSettings
    sinks: SinkOptions
    address: Address
    token: str | None
    max_frame_age_s: float
    retries: int | None
    threads: int
    status: Path | None
    runtime: str | None
    backbone: Path | None
    architecture: Architecture | None
    weights: str | None
    bottleneck_dir: Path
    inbox: Path | None
    store: Store
    remember: int = 0
    normalization: Normalization | None = None

    def check(self) -> TeachOptions:
        """The same options, after checking those that depend on each other.

        Raises :class:`~edge.errors.UsageError` if they contradict each other.
        """
        if self.backbone is not None and (self.architecture is not None or self.weights is not None):
            raise UsageError("--backbone FILE says the architecture and the weights; leave those options out")
        if self.normalization is not None and self.backbone is None:
            raise UsageError("--input-range, --mean and --std are for the network of --backbone FILE; leave them out")
        capture = self.sinks.capture
        if None not in (self.inbox, capture) and self.inbox != capture:
            raise UsageError(f"--capture fills the inbox: leave out --inbox, or give the same folder ({capture})")
        return self

    @property
    def names_backbone(self) -> bool:
        """Whether the user has said which backbone it is; else it is the one of the store's current model."""
        return any(choice is not None for choice in (self.backbone, self.architecture, self.weights))

    @property
    def inbox_folder(self) -> Path | None:
        """The inbox; None means the one inside the folder."""
        return self.inbox or self.sinks.capture
