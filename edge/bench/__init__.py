"""How fast models run on this machine: ``edge bench``.

A *configuration* is one model on one runtime with one number of threads. A *round* measures every configuration once,
each in a fresh process (:mod:`edge.bench.worker`).
"""
