"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says something about the machine, not about the program: figures live in bench/.
settings.register_profile("edaran", deadline=None)
settings.load_profile("edaran")
