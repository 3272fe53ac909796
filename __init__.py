"""Repose: put a person, or a drawn character, into a new pose. ComfyUI starts here.

Nothing is imported at module scope: ComfyUI's start-up stays as fast as without the pack, and pytest,
which imports this file as a package, does not need ComfyUI.
"""


async def comfy_entrypoint():
    """ComfyUI's public hook: the pack's extension with its list of nodes."""
    from .nodes import ReposeExtension

    return ReposeExtension()
