"""Jobs: what runs, waits, failed and is done."""
