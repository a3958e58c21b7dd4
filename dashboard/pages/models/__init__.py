"""The page of networks and their variants: where each comes from, what speaks for it, and how to make another."""
