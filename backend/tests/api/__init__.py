"""The contract, as clients see it, on both surfaces."""
