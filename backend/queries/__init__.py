"""SQL, built once: pure functions and constants that execute nothing."""
