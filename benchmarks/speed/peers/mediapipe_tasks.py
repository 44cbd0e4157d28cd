"""MediaPipe Tasks' ImageClassifier, as its guide shows it."""

import mediapipe
import protocol
from mediapipe.tasks.python import BaseOptions, vision


def make_classify(model_path):
    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model_path), max_results=1)
    classifier = vision.ImageClassifier.create_from_options(options)

    def classify(paths):
        answers = []
        for path in paths:
            result = classifier.classify(mediapipe.Image.create_from_file(path))
            best = result.classifications[0].categories[0]
            answers.append((best.category_name, best.score))
        return answers

    return classify


protocol.run(make_classify)
