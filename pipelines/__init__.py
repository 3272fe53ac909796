"""The engine: runs with no ComfyUI installed. One module per thing a user asks for, over three rooms."""
