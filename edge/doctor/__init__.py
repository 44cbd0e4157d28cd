"""Whether this machine has what labelling needs: facts read from the system, and checks of them."""
