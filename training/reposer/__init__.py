"""Trains and measures the volumetric reposer (pipelines/models/reposer.py) on synthetic people."""
