"""Correspondence, storage, the evaluation set: what others measure and train on."""
