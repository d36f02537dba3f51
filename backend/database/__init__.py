"""How a statement runs: connections, waiting, deadlines, retries, the guard, what a fault means."""
