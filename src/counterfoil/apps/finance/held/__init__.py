"""Payments in an escrow that a model's decision holds, and the cases that people decide."""
