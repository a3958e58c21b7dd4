"""Work that outlives a click: rows in the database, run by a worker, one child process a job."""
