"""Calls of scripts that may come twice: each key that came with one stands for one effect and one answer."""
