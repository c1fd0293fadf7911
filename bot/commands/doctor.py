"""`edaran doctor`: is everything in place?"""

from __future__ import annotations

import json
import sys

import typer

from bot.commands.shared import Json, Language, Policies, run, texts_in

MARKS = {"well": "✔", "wrong": "✘", "not_set": "–"}


def examine(policies: Policies = None, language: Language = "id", as_json: Json = False) -> None:
    """Periksa pengaturan, basis data, kebijakan, saluran, dan jam, dengan cara memperbaikinya. Keluar 1 bila
    ada yang salah."""
    from bot.config import load_settings
    from bot.doctor import Finding, State, doctor
    from bot.policy.files import DIRECTORY
    from bot.problems import Problem

    texts = texts_in(language)
    findings: list[Finding] = []

    def say(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            what = texts(f"doctor.title_{finding.what}")
            typer.echo(f"{MARKS[finding.state.value]} {what}: {finding.said}")

    async def work() -> None:
        try:
            settings = load_settings()
        except Problem as problem:  # nothing else can be looked at
            say(Finding("settings", State.WRONG, problem.line(texts)))
            return
        say(Finding("settings", State.WELL, texts("doctor.settings")))
        async with doctor(settings, policies or DIRECTORY, texts) as found:
            async for finding in found.examine():
                say(finding)

    run(work())
    if as_json:
        shown = [{"what": one.what, "state": one.state.value, "text": one.said} for one in findings]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    sys.exit(any(one.state is State.WRONG for one in findings))
