"""From a network to its variants, proofs and measurements: a plain library that knows no web and no database."""
