"""Benchmarks: each measures ours and its peer in the same run and prints the ratio. `make bench` runs all."""
