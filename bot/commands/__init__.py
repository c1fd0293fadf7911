"""The commands that asking does not need, a module a group; `bot.cli` names them, `lazy` imports the one that
is called.

A module imports at its top only what is light: the help loads all of them.
"""
