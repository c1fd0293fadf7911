"""What one conversation remembers, and which question to ask next.

A conversation is a frozen `Memory`, kept in RAM by whoever talks and never stored. All functions are pure:
a message is completed from the memory (`merge`, or `press` for a button), answered elsewhere, and
remembered.
"""

from __future__ import annotations

from bot.dialogue.buttons import press
from bot.dialogue.memory import ACTIVITY, TIME, Draft, Memory, Pending, remember
from bot.dialogue.merging import merge
from bot.dialogue.questions import next_question

__all__ = ["ACTIVITY", "TIME", "Draft", "Memory", "Pending", "merge", "next_question", "press", "remember"]
