"""Tables for the engine's own tests: a judged copy, whose it is, and what a judge may only add."""
