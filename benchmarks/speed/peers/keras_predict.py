"""Keras' MobileNet and ``predict`` on one photo after the other, float32; an untrained head costs the same."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import protocol


def make_classify(model_path):
    width, size = model_path.rpartition("mobilenet_")[2].split("-")[0].split("_")
    model = keras.applications.MobileNet(
        input_shape=(int(size), int(size), 3), alpha=float(width), weights=None, classes=5
    )

    def classify(paths):
        answers = []
        for path in paths:
            picture = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(int(size), int(size))))
            batch = keras.applications.mobilenet.preprocess_input(picture[np.newaxis])
            found = model.predict(batch, verbose=0)
            answers.append((str(int(found.argmax())), float(found.max())))
        return answers

    return classify


protocol.run(make_classify)
