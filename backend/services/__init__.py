"""What the product does, independent of HTTP: no request, no schema, no status code."""
