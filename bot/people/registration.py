"""The registration: a few questions with buttons, one answer kept at a time.

Pure: a profile and an action give the next profile and what to show. The action of a button says everything
that is needed (`r:status=pns`), so an old button, pressed after a restart, still does what it says.

    r:STEP         ask this step          r:STEP=TOKEN   choose
    r:STEP/PAGE    turn the page          r:STEP=        "I don't know"
    e:STEP…        the same for one entry of a finished profile
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.model import Button, Reply
from bot.people import choices
from bot.people.ports import Directory
from bot.people.profile import Profile, Step
from bot.rendering.texts import Texts

ORDER = (Step.LANGUAGE, Step.REGENCY, Step.STATUS, Step.UNIT, Step.PATTERN)
REQUIRED = (Step.LANGUAGE, Step.REGENCY)
"""The steps that cannot be skipped."""

NAME_WORDS = 5
"""The longest name of a region has so many words; what is longer is a question."""

_ACTION = re.compile(
    r"(?P<mode>[re]):(?P<step>language|regency|status|unit|pattern)(?:=(?P<token>.*)|/(?P<page>\d{1,4}))?"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`profile` is to be kept; `finished`: the person has just given her last answer, `reply` is not needed
    to go on. `edited`: one entry of a finished profile was changed."""

    profile: Profile
    reply: Reply
    finished: bool = False
    edited: bool = False


def many_words(text: str) -> bool:
    """All that can be told of a question without understanding it."""
    return len(text.split()) > NAME_WORDS


@dataclass(frozen=True, slots=True)
class Registration:
    """`is_question`: tells what is asked from the name of a regency that is not listed."""

    directory: Directory
    catalogues: Mapping[str, Texts]
    default_language: str = "id"
    is_question: Callable[[str], bool] = many_words

    def texts(self, profile: Profile | None) -> Texts:
        """The catalogue of the person's chosen language; the default one while she has chosen none."""
        chosen = profile.language if profile else None
        return self.catalogues.get(chosen or "") or self.catalogues[self.default_language]

    def begin(self, profile: Profile, announced: str | None) -> Outcome:
        """The first question. The language is asked only of those whose client announces another one."""
        foreign = bool(announced) and (announced or "").split("-")[0].lower() != self.default_language
        step = Step.LANGUAGE if foreign and profile.language is None else Step.REGENCY
        return self._ask(replace(profile, step=step), step, note="registration.welcome")

    def resume(self, profile: Profile, announced: str | None) -> Outcome:
        """/mulai again: the question that waits, if one does and the regency is known; else from the
        start."""
        if profile.regency is None or profile.step not in ORDER:
            return self.begin(profile, announced)
        return self._ask(profile, profile.step)

    def first(self, profile: Profile, note: str | None = None) -> Outcome:
        """Asks for the regency, after the sentence `note` that says why."""
        return self._ask(replace(profile, step=Step.REGENCY), Step.REGENCY, note=note)

    def press(self, profile: Profile, action: str, *, brief: bool = False) -> Outcome | None:
        """Does what a button says; None if `action` is no action of the registration. `brief`: finish
        after the status, because a question waits for its answer."""
        match = _ACTION.fullmatch(action)
        if match is None:
            return None
        step, edit = Step(match["step"]), match["mode"] == "e" and profile.regency is not None
        if match["token"] is None:
            return self._show(profile, step, int(match["page"] or 0), edit)
        if not match["token"] and step not in REQUIRED:
            return self._answer(profile, step, None, edit, brief)
        chosen = choices.resolve(match["token"], self.names(step, profile))
        if chosen is None:
            return self._ask(profile, step, edit=edit, note="registration.stale", replaces=True)
        return self._answer(profile, step, chosen, edit, brief)

    def typed(self, profile: Profile, text: str, *, brief: bool = False) -> Outcome | None:
        """Takes typed text for the answer to the waiting question; None if it is none (so: a question)."""
        editing = profile.step is Step.EDIT_REGENCY
        step = Step.REGENCY if editing else profile.step
        if step is None:
            return None
        names = self.names(step, profile)
        exact = choices.exact(text, names, kind_first=step is Step.REGENCY)
        if exact is not None:
            return self._answer(profile, step, exact, editing, brief)
        if step is not Step.REGENCY or "?" in text:
            return None
        return self._named(profile, text, names, editing, brief)

    def names(self, step: Step, profile: Profile) -> Mapping[str, str]:
        """What can be chosen at a step: id → name in the person's language."""
        texts = self.texts(profile)
        if step is Step.LANGUAGE:
            return {code: catalogue("language.name") for code, catalogue in self.catalogues.items()}
        if step is Step.REGENCY:
            return self.directory.regencies()
        if step is Step.STATUS:
            worded = self.directory.statuses()
        elif step is Step.UNIT:
            worded = self.directory.units()
        else:
            worded = self.directory.patterns(profile.regency or "")
        return {key: texts.word(wording) for key, wording in worded.items()}

    def _named(
        self, profile: Profile, text: str, names: Mapping[str, str], editing: bool, brief: bool
    ) -> Outcome | None:
        found = choices.search(text, names)
        if len(found) == 1:
            return self._answer(profile, Step.REGENCY, found[0], editing, brief)
        if not found and self.is_question(text):
            return None
        shown = {key: names[key] for key in found} or names
        note = "registration.which_regency" if found else "registration.unknown_regency"
        return self._ask(
            profile, Step.REGENCY, edit=editing, shown=shown, note=note, text=text[:60], known=_listing(names)
        )

    def _show(self, profile: Profile, step: Step, page: int, edit: bool) -> Outcome:
        if edit:
            waiting = Step.EDIT_REGENCY if step is Step.REGENCY else profile.step
            return self._ask(replace(profile, step=waiting), step, page=page, edit=True, replaces=True)
        if step not in (Step.LANGUAGE, Step.REGENCY) and profile.regency is None:
            step = Step.REGENCY
        return self._ask(replace(profile, step=step), step, page=page, replaces=True)

    def _answer(self, profile: Profile, step: Step, value: str | None, edit: bool, brief: bool) -> Outcome:
        changed = _with(profile, step, value)
        if edit:
            return Outcome(replace(changed, step=None), Reply(""), edited=True)
        following = self._next(changed, step, brief)
        if following is None:
            return Outcome(replace(changed, step=None), Reply(""), finished=True)
        return self._ask(replace(changed, step=following), following, replaces=True)

    def _next(self, profile: Profile, step: Step, brief: bool) -> Step | None:
        """The step after `step`. A regency with a single working pattern leaves nothing to choose."""
        if profile.regency is None and step is not Step.LANGUAGE:
            return Step.REGENCY
        rest = ORDER[ORDER.index(step) + 1 :]
        if brief and step is Step.STATUS:
            return None
        if rest and rest[0] is Step.PATTERN and len(self.names(Step.PATTERN, profile)) < 2:
            return None
        return rest[0] if rest else None

    def _ask(
        self,
        profile: Profile,
        step: Step,
        *,
        page: int = 0,
        edit: bool = False,
        shown: Mapping[str, str] | None = None,
        note: str | None = None,
        replaces: bool = False,
        **values: str,
    ) -> Outcome:
        texts = self.texts(profile)
        question = texts(f"registration.ask_{step.value}")
        text = f"{texts(note, **values)}\n\n{question}" if note else question
        short = choices.labels(shown or self.names(step, profile), kind_first=step is Step.REGENCY)
        verb = f"{'e' if edit else 'r'}:{step.value}"
        turn = (texts("button.previous_page"), texts("button.next_page"))
        rows = choices.page_rows(short, page, verb, turn)
        return Outcome(profile, Reply(text, (*rows, *_ways_out(texts, step, edit)), replace=replaces))


def _with(profile: Profile, step: Step, value: str | None) -> Profile:
    """The profile with one answer; another regency makes the old working pattern meaningless."""
    if step is Step.LANGUAGE:
        return replace(profile, language=value)
    if step is Step.REGENCY:
        return replace(profile, regency=value, pattern=profile.pattern if value == profile.regency else None)
    if step is Step.STATUS:
        return replace(profile, status=value)
    if step is Step.UNIT:
        return replace(profile, unit=value)
    return replace(profile, pattern=value)


def _ways_out(texts: Texts, step: Step, edit: bool) -> tuple[tuple[Button, ...], ...]:
    """Back, and "I don't know" where that is an answer."""
    row: list[Button] = []
    if edit:
        row.append(Button(texts("button.back"), "p:show"))
    elif step not in REQUIRED:
        row.append(Button(texts("button.back"), f"r:{ORDER[ORDER.index(step) - 1].value}"))
    if step not in REQUIRED:
        row.append(Button(texts("button.dont_know"), f"{'e' if edit else 'r'}:{step.value}="))
    return (tuple(row),) if row else ()


def _listing(names: Mapping[str, str], most: int = 8) -> str:
    """The first names, comma separated."""
    some = list(names.values())[:most]
    return ", ".join(some) + (", …" if len(names) > most else "")
