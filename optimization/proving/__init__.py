"""What a proof is made of: comparisons, budgets, and what was known of the recordings."""
