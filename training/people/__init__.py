"""Synthetic clothed people whose correspondence, visibility, light, labels and materials are known exactly."""
