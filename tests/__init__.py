"""The tests. `python -m tests.run` runs them all, on both engines."""
