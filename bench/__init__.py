"""Measurements, as ratios to a limit that is taken in the same run. Start with `bench.run`."""
