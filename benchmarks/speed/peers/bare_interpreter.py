"""A bare TFLite interpreter and Pillow in a loop, as most tutorials write it."""

import zipfile

import numpy as np
import protocol
from PIL import Image

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter


def make_classify(model_path):
    names = zipfile.ZipFile(model_path).read("labels.txt").decode().splitlines()
    interpreter = Interpreter(model_path)
    interpreter.allocate_tensors()
    image, scores = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, _ = image["shape"]

    def classify(paths):
        answers = []
        for path in paths:
            pixels = np.expand_dims(Image.open(path).convert("RGB").resize((width, height)), 0)
            if image["dtype"] == np.float32:
                pixels = (np.float32(pixels) - 127.5) / 127.5
            interpreter.set_tensor(image["index"], pixels)
            interpreter.invoke()
            found = interpreter.get_tensor(scores["index"])[0]
            best = int(found.argmax())
            answers.append((names[best], float(found[best]) / (255 if found.dtype == np.uint8 else 1)))
        return answers

    return classify


protocol.run(make_classify)
