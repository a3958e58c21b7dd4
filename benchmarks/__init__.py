"""Scripts that print the numbers of the README."""
