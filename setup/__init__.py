"""Behind run.py: the environment, a private ComfyUI server, workflows, weights. Not shipped to the registry.

Standard library only, so that it runs before anything is installed; what draws pictures (demo.py) runs
inside the environment that the rest has made.
"""
