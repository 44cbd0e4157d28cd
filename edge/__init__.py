"""Label pictures on the device, with numpy, Pillow and a TFLite interpreter.

>>> from edge import Classifier
>>> Classifier.load("flowers.tflite").classify("rose.jpg").label  # doctest: +SKIP
'roses'
"""

from edge.errors import EdgeError
from edge.inference.classifier import Classifier
from edge.inference.delegate import DelegateChoice
from edge.modelfile.model_file import ModelFile
from edge.types import Category, Classification, LabelledPhoto

__all__ = ["Category", "Classification", "Classifier", "DelegateChoice", "EdgeError", "LabelledPhoto", "ModelFile"]
