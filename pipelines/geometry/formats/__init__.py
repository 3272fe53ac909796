"""Pose formats of other programs: values to and from text, no files."""
