"""How alike photos must be to be compared, and what evidence links them."""

from __future__ import annotations

LEAST_EVIDENCE = 20.0
"""Of the pixels alone, in nats. The pairs of flowers that are not of one scene stay below 10."""

LEAST_IN_SERIES = 15.0
"""The same if the names follow each other."""

LEAST_IN_BURST = 10.0
"""The same if one camera took both within seconds."""

LEAST_COSINE = 0.7
"""Of bottlenecks; copies have at least this cosine, whatever the architecture."""

TRIES = 3
"""Of each photo, so many neighbours that are no copies end the search."""

LEAST_LOOK_COSINE = 0.93
"""Of the brightness of looks: grey copies and framed ones, which bottlenecks do not find."""
