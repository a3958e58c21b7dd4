"""Why a variant is slow: the causes there are, and what mends them."""
