"""How fast models run on this machine: ``edge bench``.

A *point* is one model on one runtime with one number of threads; a *round* measures every point once, each
in a fresh process (:mod:`edge.bench.worker`).
"""
