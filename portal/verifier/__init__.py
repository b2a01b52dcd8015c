"""Verification of calls: pure, without database or web framework, usable as a library."""
