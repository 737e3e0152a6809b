"""Pages of the documentation as programs: their blocks run as a reader would run them.

Blocks of ``sh`` and ``python`` run in their order; a ``yaml`` block whose first line is a comment
with a file name is written there. ``console``, ``text`` and other blocks are only shown.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder."""

    folder: Path
    call: object
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
        code, printed = self.call([*words[1:], *self.added.get(words[1], ())])
        assert code == 0, f"{shlex.join(words)} ended with {code}:\n{printed}"
        self.said.append((words, printed))
        if target:
            (self.folder / target).write_text(printed, encoding="utf-8")
