"""Parcels that may come late: a tiny app on Counterfoil, whole."""
