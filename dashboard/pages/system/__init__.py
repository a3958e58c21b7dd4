"""System: what Vibench runs on, what it takes, and how it is set."""
