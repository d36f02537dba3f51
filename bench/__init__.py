"""The benchmark: this service beside its peers, on one machine, in turns. README.md explains it."""
