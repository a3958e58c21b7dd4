"""Recordings with a known answer."""
