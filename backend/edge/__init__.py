"""Before and around the application: connections, refusals, layers. Knows no task and no route."""
