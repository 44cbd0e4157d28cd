"""Ours: the edge package as it is installed on a device, all cores."""

from pathlib import Path

import protocol

from edge.classifier import Classifier
from edge.modelfile import ModelFile
from edge.pipeline import available_cores, label_photos


def make_classify(model_path):
    model = ModelFile.load(model_path)
    single = Classifier(model, available_cores())

    def classify(paths):
        if len(paths) == 1:
            return [single.classify(paths[0]).best.label]
        photos = label_photos(model, map(Path, paths), top_k=1)
        return [photo.classification.best.label for photo in photos]

    return classify


protocol.run(make_classify)
