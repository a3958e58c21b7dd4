"""The page on which the variant to ship of a network is searched, within limits and a time."""
