"""What is measured: each module has ``measure(bench) -> dict`` with plain values for one JSON file."""
