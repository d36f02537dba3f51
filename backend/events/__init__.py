"""Changes as they happen: one poller for all subscribers of the process."""
