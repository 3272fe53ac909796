"""Both shades of a photographed person together: the soft one that every foot casts, and the key light's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ..framing import Canvas
from ..geometry.contacts import Contact
from ..geometry.skeleton import Skeleton
from ..shadow import Shadow, cast_shadow
from .cast import CastShadow
from .finding import cast_by


@dataclass(frozen=True, eq=False)
class Shades:
    """What lies on floor and wall in a pose: contact (h, w) logarithms at the feet; taken (h, w) of the key light, or
    None."""

    contact: torch.Tensor
    taken: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Shadows:
    """The contact shade of a person, and the cast shadow where the photo shows one."""

    contact: Shadow
    cast: CastShadow | None = None

    @property
    def key_direction(self) -> torch.Tensor | None:
        """(3,) unit, towards the light that casts the shadow: x right, y down, z away from a camera held level; None
        where no shadow tells."""
        return None if self.cast is None else self.cast.direction

    def lifted(self, picture: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the picture without the shades; over 1 where it is brighter than can be shown."""
        bare = self.contact.lifted(picture)
        return bare if self.cast is None else self.cast.lifted(bare)

    def under(self, target: Skeleton, alpha: torch.Tensor, contacts: Sequence[Contact] = ()) -> Shades:
        """What a body in the target pose, of silhouette (1, 1, H, W), casts."""
        taken = None if self.cast is None else self.cast.under(alpha, target, contacts)
        return Shades(self.contact.under(target, contacts), taken)

    def laid(self, room: torch.Tensor, shades: Shades, picture: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the room under the shades; the photo's own pixels where nothing of them has changed."""
        shaded = room if shades.taken is None else self.cast.laid(room, shades.taken)
        return self.contact.laid(shaded, shades.contact, picture)

    def changed(self, picture: torch.Tensor, matte: torch.Tensor, shades: Shades) -> torch.Tensor:
        """(1, 3, H, W) the photo, with its person of (1, 1, H, W) `matte`, under other shades than its own."""
        photo = self.contact.laid(self.contact.lifted(picture), shades.contact, picture)
        return photo if shades.taken is None else self.cast.changed(photo, matte, shades.taken)

    def moved(
        self,
        room: torch.Tensor,
        picture: torch.Tensor,
        matte: torch.Tensor,
        target: Skeleton,
        shades: Shades,
        own: bool,
    ) -> torch.Tensor:
        """(1, 3, H, W) `room` with the shades of the target.

        own: the room is the photo's, restored under `matte`, and has the old shades, which are taken off first. Another
        room's light and floor are not known: it gets the feet's contact alone.
        """
        if self.cast is None or not own:
            return self.contact.moved(room, picture, target, own)
        return self.laid(self.cast.lifted_room(self.contact.lifted(room), matte), shades, picture)

    def on(self, canvas: Canvas) -> Shadows:
        """The same in a picture with this canvas."""
        return replace(
            self, contact=self.contact.on(canvas), cast=None if self.cast is None else self.cast.on(canvas)
        )


def shadows_of(picture: torch.Tensor, matte: torch.Tensor, skeleton: Skeleton) -> Shadows:
    """What the person of (1, 3, H, W) `picture`, of soft (1, 1, H, W) `matte`, casts on floor and wall."""
    cast = cast_by(picture, matte, skeleton)
    # What the key's shadow does not explain at the feet is their contact.
    bare = picture if cast is None else cast.lifted(picture).clamp(0, 1)
    return Shadows(cast_shadow(bare, matte, skeleton), cast)
