"""What every peer script does: label the photos named on stdin, print how long each took, as JSON.

This file is copied beside a peer's script; it uses the standard library alone, because a peer's environment
has nothing of this project in it.
"""

import json
import sys
import time
from collections.abc import Callable


def run(make_classify: Callable[[str], Callable[[list[str]], list[tuple[str, float]]]]) -> None:
    """``script.py MODEL < paths``: print the load time, the time for all photos, and the answers.

    ``make_classify(model)`` loads the model and returns a function from paths to the best label of each and its score.
    Imports happen before, loading is timed apart, and one photo is labelled before the clock starts.
    """
    paths = sys.stdin.read().splitlines()
    started = time.perf_counter()
    classify = make_classify(sys.argv[1])
    load_s = time.perf_counter() - started
    if len(paths) > 1:
        classify(paths[:1])
    started = time.perf_counter()
    answers = classify(paths)
    seconds = time.perf_counter() - started
    print(json.dumps({"load_s": load_s, "seconds": seconds, "photos": len(paths), "answers": answers}))
