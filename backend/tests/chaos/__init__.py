"""Faults under write load, and the proof from below that nothing was lost and nothing doubled."""
