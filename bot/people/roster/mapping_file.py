"""A mapping as a YAML file."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.people.roster.mapping import RosterMapping, from_plain, to_plain
from bot.problems import Problem


def read_mapping(path: Path) -> RosterMapping:
    """Raises Problem where the file cannot be read or is no mapping."""
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise Problem("roster.no_file", path=path, reason=str(error).splitlines()[0]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise Problem("roster.map_yaml", path=path, line=line, detail=error.problem) from error
    except (YAMLError, RecursionError) as error:
        detail = str(error).splitlines()[0]
        raise Problem("roster.map_yaml", path=path, line=0, detail=detail) from error
    return from_plain(data)


def written(mapping: RosterMapping) -> str:
    """The mapping as YAML."""
    yaml = YAML()
    yaml.allow_unicode = True
    out = StringIO()
    yaml.dump(to_plain(mapping), out)
    return out.getvalue()
