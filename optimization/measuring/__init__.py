"""How latencies are measured: candidates by turns in fresh processes, and what may be said of them."""
