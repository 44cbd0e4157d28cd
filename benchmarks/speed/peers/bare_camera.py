"""OpenCV and a bare TFLite interpreter in a loop, as most tutorials write it: ``bare_camera.py SOURCE MODEL THREADS``.

Prints the index of the best label for every frame.
"""

import sys

import cv2
import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter

source, model, threads = sys.argv[1:]
interpreter = Interpreter(model, num_threads=int(threads))
interpreter.allocate_tensors()
image, scores = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
_, height, width, _ = image["shape"]
capture = cv2.VideoCapture(source)
while True:
    good, frame = capture.read()
    if not good:
        break
    pixels = cv2.cvtColor(cv2.resize(frame, (width, height)), cv2.COLOR_BGR2RGB)[np.newaxis]
    if image["dtype"] == np.float32:
        pixels = (np.float32(pixels) - 127.5) / 127.5
    interpreter.set_tensor(image["index"], pixels)
    interpreter.invoke()
    print(int(interpreter.get_tensor(scores["index"])[0].argmax()), flush=True)
