"""Maintainers' tools; they may use every floor."""
