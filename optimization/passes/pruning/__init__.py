"""What goes when a network is pruned: channels whole, or single weights."""
