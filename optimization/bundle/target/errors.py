"""The one error that is told to whoever runs this; everything else is a bug."""


class InputError(Exception):
    """Something given to a bundle's programs can't be; the message says what is wrong and what to do."""
