"""What the operators of a network cost, in either form."""
