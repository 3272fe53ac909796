"""Figures of a mask: strokes, their graph, and the joints on it."""
