"""Ours: the edge package as it is installed on a device, all cores."""

from pathlib import Path

import protocol

from edge.inference.classifier import Classifier
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from edge.parallel import available_cores


def make_classify(model_path):
    model = ModelFile.load(model_path)
    single = Classifier(model, threads=available_cores())

    def answer(classification):
        return classification.label, classification.best.score

    def classify(paths):
        if len(paths) == 1:
            return [answer(single.classify(paths[0]))]
        photos = label_photos(model, map(Path, paths), top_k=1)
        return [answer(photo.classification) for photo in photos]

    return classify


protocol.run(make_classify)
