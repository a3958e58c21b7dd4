"""Every id of the page."""

SELECTION = "benchmark-selection"
#: The measurement that is shown, and the earlier ones that are listed: what a callback compares with before it draws.
SHOWN = "benchmark-shown"
LIVE = "benchmark-live"
RESULT = "benchmark-result"
EARLIER = "benchmark-earlier"

BATCH = "benchmark-batch"
THREADS = "benchmark-threads"
AGAIN = "benchmark-again"

FORM = "benchmark-form"
NETWORK = "benchmark-network"
VARIANTS = "benchmark-variants"
BATCHES = "benchmark-batches"
THREAD_COUNTS = "benchmark-thread-counts"
BASELINE = "benchmark-baseline"
ROUNDS = "benchmark-rounds"
WINDOWS = "benchmark-windows"
COST = "benchmark-cost"
COMMAND = "benchmark-command"
PROBLEM = "benchmark-problem"
MEASURE = "benchmark-measure"

AGAINST_SIZE = "benchmark-against-size"
LATENCIES = "benchmark-latencies"
SIZES = "benchmark-sizes"
