"""Signal processing: pure functions from arrays to arrays, one concept a file."""
