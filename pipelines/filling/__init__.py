"""Occlusion Fill: what the camera never saw of a person, completed from what it did."""
