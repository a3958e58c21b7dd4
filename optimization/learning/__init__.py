"""How networks are trained once more: lessons from labelled recordings, and the loop."""
