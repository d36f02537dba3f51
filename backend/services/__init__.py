"""What the product does, in its own words: no request, no schema, no status code."""
