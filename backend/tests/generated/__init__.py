"""Tests whose requests are generated: properties, fuzzing, differential tests."""
