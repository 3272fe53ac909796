"""Measures what the pack sees of light."""
