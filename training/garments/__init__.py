"""Measures Garment Segmentation on photos with hand-made labels and on synthetic people."""
