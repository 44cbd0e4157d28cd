"""Whether this machine has what it takes: facts read from the system, and checks of them."""
