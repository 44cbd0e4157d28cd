"""From a picture to scores: the interpreters, the gate, the classifier, the self-test."""
