"""Pages of the documentation as programs: their blocks run as a reader would run them.

Blocks of ``sh`` and ``python`` run in their order; a ``yaml`` block whose first line is a comment
with a file name is written there. ``console``, ``text`` and other blocks are only shown to readers;
`parse` looks whether their commands exist.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from typer.core import TyperGroup as Group
from typer.main import get_command

from pipelines.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# ([\w./-]+\.yaml)\b")


def all_blocks(page):
    """Return the blocks of a page in order: language and text."""
    return BLOCK.findall((DOCS / page).read_text("utf-8"))


def blocks(page, language):
    return [text for found, text in all_blocks(page) if found == language]


def commands(text) -> Iterator[list[str]]:
    """Yield the words of each command of a shell block; continued lines are one command."""
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        for part in line.split(";"):
            words = shlex.split(part, comments=True)
            if words:
                yield words


def parse(words):
    """Let the command line read words of ours, options and choices too, without doing it."""
    command, rest = get_command(app), list(words[1:])
    context = None
    while isinstance(command, Group):
        name = rest.pop(0)
        context = context or command.make_context("cohort", [], resilient_parsing=True)
        command = command.get_command(context, name)
        assert command is not None, f"there is no 'cohort {name}'"
    command.make_context(command.name, rest)


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder."""

    folder: Path
    call: object
    parsed: tuple = ()
    added: dict = field(default_factory=dict)
    said: list = field(default_factory=list)

    def follow(self, page):
        """Run a page; return the names that its Python left behind."""
        names = {"__name__": "__main__"}
        for language, text in all_blocks(page):
            if language == "sh":
                for words in commands(text):
                    self.command(words)
            elif language == "python":
                exec(compile(text, str(DOCS / page), "exec"), names)
            elif language == "yaml" and (found := FILE_NAME.match(text)):
                path = self.folder / found[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return names

    def command(self, words):
        """Run a command of our own, or one of the few others that pages use."""
        target = None
        if ">" in words:
            place = words.index(">")
            words, target = words[:place], words[place + 1]
        if words[0] == "mkdir":
            (self.folder / words[-1]).mkdir(parents=True, exist_ok=True)
            return
        assert words[0] == "cohort", f"pages run 'cohort' and 'mkdir', not {words}"
        if any(tuple(words[1 : 1 + len(start)]) == start for start in self.parsed):
            parse(words)
            return
        code, printed, complaints = self.call([*words[1:], *self.added.get(words[1], ())])
        assert code == 0, f"{shlex.join(words)} ended with {code}:\n{complaints}"
        self.said.append((words, printed + complaints))
        if target:
            (self.folder / target).write_text(printed, encoding="utf-8")
