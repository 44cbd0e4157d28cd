"""Run a teaching session: its page, its stream and its learning, in one process."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator

from edge.inference.interpreter import check_threads, choose_runtime
from edge.inference.processor import check_processor
from edge.live.label_stream import label_stream
from edge.messages import print_message
from edge.service.notify import Notifier
from edge.sinks.make_sinks import make_sinks
from edge.statistics import StreamStatistics
from edge.status import default_status
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.layout import CLASSES
from trainer.progress import Progress
from trainer.retraining.given_backbone import Given
from trainer.retraining.options import RetrainOptions, default_output
from trainer.teach.choose_backbone import choose_backbone
from trainer.teach.folders.places import SESSION_FOLDER
from trainer.teach.handover import ModelHandover
from trainer.teach.newer_backbone import BackboneWatch
from trainer.teach.options import TeachOptions
from trainer.teach.page_server import PageServer
from trainer.teach.session import Session
from trainer.teach.stream.recorder import Recorder
from trainer.teach.stream.taught_model import TaughtModels

_CLOSE_S = 0.3
"""How long the session may take to end after the stream; all its photos are on the disk already."""

_message = functools.partial(print_message, program="trainer")


def run_teach(options: TeachOptions, progress: Progress) -> int:
    """Run the session that ``options`` describe until a signal ends it; returns the exit code.

    It must run on the main thread, because it handles signals, as :func:`edge.live.label_stream.label_stream` does. A
    source that fails or ends does not end it. The page is served before the first frame.

    Raises :class:`~edge.errors.EdgeError` if the options, the backbone, the folder or the port cannot be used.
    """
    options.check()
    check_threads(options.threads)
    choose_runtime(options.runtime)
    check_processor()
    statistics = StreamStatistics()
    sinks = make_sinks(options.sinks, statistics, _message)
    with contextlib.closing(PageServer(options.address, options.token, statistics)) as page:
        current = options.store.linked("current")
        with progress.stage("backbone"):
            given = choose_backbone(options, progress.message)
        extractor = FeatureExtractor(given.backbone, options.bottleneck_dir, options.runtime, progress)
        models = TaughtModels(extractor, threads=options.threads)
        with _session(options, extractor, given, models) as session:
            recorder = session.recorder = Recorder(
                lambda jpeg, label, hold: session.add_photo(jpeg, label, hold=hold),
                announce=session.announce,
                write_message=session.message,
                every_s=options.settings.every_s,
            )
            handover = session.handover = ModelHandover(
                _retrain_options(options, given),
                given,
                announce=session.announce,
                store=options.store,
                status=default_status(),
                progress=Progress(on_message=session.message),
            )
            use = functools.partial(_use_backbone, options, progress, session, models, handover)
            with contextlib.closing(BackboneWatch(options.store, current, given.backbone, use, session.message)):
                page.serve(session)
                notifier = Notifier()
                notifier.ready("no frame yet")
                _message(f"teach at {page.url} ({page.hint})")
                return label_stream(
                    options.source,
                    models,
                    [*sinks, page, recorder],
                    options.settings,
                    statistics,
                    max_frame_age_s=options.max_frame_age_s,
                    retries=options.retries,
                    status=options.status,
                    notifier=notifier,
                    write_message=session.message,
                    outlasts_source=True,
                )


def _use_backbone(
    options: TeachOptions,
    progress: Progress,
    session: Session,
    models: TaughtModels,
    handover: ModelHandover,
    given: Given,
) -> bool:
    """Go on with the backbone ``given``, unless the user named another one; whether the session does."""
    name = given.backbone.architecture.name
    if options.names_backbone:
        session.message(
            f"the store's new model has another backbone ({name}); to teach it, start again without --backbone, "
            "--architecture and --weights"
        )
        return False
    extractor = FeatureExtractor(given.backbone, options.bottleneck_dir, options.runtime, progress)
    interpreter = models.load(extractor)  # what can fail comes first: the session must stay as it is then
    session.use_backbone(extractor, given.remembered, lambda: models.use(extractor, interpreter))
    handover.use(_retrain_options(options, given), given)
    session.message(f"the session goes on with the backbone of the store's new model ({name})")
    return True


@contextlib.contextmanager
def _session(
    options: TeachOptions, extractor: FeatureExtractor, given: Given, models: TaughtModels
) -> Iterator[Session]:
    session = Session(
        options.folder,
        extractor,
        inbox=options.inbox_folder,
        remembered=given.remembered,
        publish=models.publish,
        write_message=_message,
    )
    try:
        yield session
    finally:  # on a thread of its own: a bottleneck that is being computed must not delay the end
        ending = threading.Thread(target=session.close, daemon=True)
        ending.start()
        ending.join(_CLOSE_S)


def _retrain_options(options: TeachOptions, given: Given) -> RetrainOptions:
    """How a model is made of the session's photos: all of them fit its head in the end.

    What the backbone's file remembers stays remembered: the next session begins with the saved model.
    """
    backbone = given.backbone
    kept = max(given.remembered.counts.values(), default=0) if given.remembered else 0
    name = default_output(options.folder, backbone.architecture, (backbone.quantization,)).name
    return RetrainOptions(
        folder=options.folder,
        output=options.folder / SESSION_FOLDER / "models" / name,
        bottleneck_dir=options.bottleneck_dir,
        quantizations=(backbone.quantization,),
        runtime=options.runtime,
        layout=CLASSES,
        final=True,
        unknown=None,
        remember=max(options.remember, kept),
    )
