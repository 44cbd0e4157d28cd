"""What is learnt from a session's photos: bottlenecks, the head, and its figures."""
