"""The commands about staff and data, a module a group; `bot.cli` hangs them on the command line.

A module imports at its top only what is light: `edaran ask` loads all of them.
"""
