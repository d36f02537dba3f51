"""HTTP: what comes in becomes a service call, what comes out becomes an answer."""
