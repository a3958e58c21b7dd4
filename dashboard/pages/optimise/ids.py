"""Every id of the page."""

SELECTION = "optimise-selection"
#: The search that is shown, and the earlier ones that are listed: what a callback compares with before it draws.
SHOWN = "optimise-shown"
LIVE = "optimise-live"
RESULT = "optimise-result"
EARLIER = "optimise-earlier"

FORM = "optimise-form"
NETWORK = "optimise-network"
BATCH = "optimise-batch"
THREADS = "optimise-threads"
FLIPS = "optimise-flips"
LATENCY = "optimise-latency"
SIZE = "optimise-size"
MINUTES = "optimise-minutes"
SOURCE = "optimise-source"
RECORDINGS = "optimise-recordings"
RESAMPLE = "optimise-resample"
RESAMPLE_PLACE = "optimise-resample-place"
COMMAND = "optimise-command"
PROBLEM = "optimise-problem"
SEARCH = "optimise-search"

AGAINST = "optimise-against"
FRONT = "optimise-front"
RECIPE = "optimise-recipe"

#: What windows to calibrate on come from.
SIMULATED, OWN = "simulated", "recordings"
