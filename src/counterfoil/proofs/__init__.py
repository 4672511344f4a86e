"""Merkle trees, signatures, trust policy and verification, pure: the offline verifier."""
