"""A picture of OpenPose skeletons, read back by its colours.

colours.py says what each pixel shows, discs.py finds discs by their arcs, limbs.py makes people of them, hands.py
and face.py name the dots of hands and faces, people.py puts it together.
"""

from .people import is_openpose_picture, keypoints_from_openpose_picture

__all__ = ["is_openpose_picture", "keypoints_from_openpose_picture"]
