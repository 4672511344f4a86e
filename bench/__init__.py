"""Benchmarks: each prints ratios to a probe of the same run, never a bare rate."""
