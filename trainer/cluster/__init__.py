"""Many machines: bottlenecks computed by a Ray cluster, bit for bit as this machine computes them."""
