"""Larger pictures that have the detail of the photo they were made from."""
