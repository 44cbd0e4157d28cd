"""OpenCV's DNN module with OpenCV's own decoder; it takes the float32 model only."""

import zipfile

import cv2
import protocol


def make_classify(model_path):
    names = zipfile.ZipFile(model_path).read("labels.txt").decode().splitlines()
    network = cv2.dnn.readNetFromTFLite(model_path)
    size = INPUT_SIZES.get(model_path.rpartition("_")[2].partition("-")[0], 224)

    def classify(paths):
        answers = []
        for path in paths:
            blob = cv2.dnn.blobFromImage(cv2.imread(path), 1 / 127.5, (size, size), (127.5,) * 3, swapRB=True)
            network.setInput(blob)
            found = network.forward().ravel()
            answers.append((names[int(found.argmax())], float(found.max())))
        return answers

    return classify


INPUT_SIZES = {"224": 224, "192": 192, "160": 160, "128": 128}

protocol.run(make_classify)
