"""A signal, a network, a diagnosis: the plain library under Vibench; it knows no web, no database and no settings."""

__version__ = "0.1.0"
