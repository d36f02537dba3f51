"""Routes that take one spelling of a request, and how a handler gets its arguments."""
