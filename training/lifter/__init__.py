"""Trains and judges the lifter: python -m training.lifter.train, python -m training.lifter.evaluate."""
