"""What is kept: settings, recordings, variants and caches, in one folder and one database."""
