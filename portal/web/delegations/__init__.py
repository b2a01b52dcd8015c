"""Delegations: the owner's integrators, the integrator's clients, and what either side does with one of them."""
