"""The benchmark: this service and its peers on one machine, in turns. README.md explains it."""
