"""Pages of the content files: conditions, scales, adverse events, life, people, trials.

Each file becomes a page with the words that stand at its head and a table of its numbers. The
files themselves are read, not the program's records, so that the words are at hand.
"""

from collections.abc import Iterable
from importlib import resources
from typing import Any, Final

from page_text import as_text, marked_rows, table
from ruamel.yaml import YAML

from cohort.outcomes import adverse_event_names, load_adverse_event
from cohort.protocols import protocol_names, protocol_title
from cohort.trial import load_protocol
from cohort.yaml_files import packaged_names
from kernels.tableaus import tableau, tableau_names

__all__ = ["content_pages", "events_page", "number_table", "trials_table"]

_ROOMS: Final = {
    "conditions": "cohort.conditions",
    "lifestyles": "cohort.lifestyle",
    "diets": "cohort.nutrition.diets",
    "foods": "cohort.nutrition.foods",
    "supplements": "cohort.nutrition.supplements",
}
_SINGLE: Final = {
    "scales": ("cohort.scales", "scales"),
    "genotypes": ("cohort.population", "genotypes"),
    "kidney": ("cohort.population", "kidney"),
    "risks": ("cohort.interactions", "risks"),
    "measures": ("cohort.outcomes", "measures"),
    "event_rules": ("cohort.outcomes", "event_rules"),
    "expectation": ("cohort.outcomes", "expectation"),
    "adherence": ("cohort.trial", "adherence_patterns"),
    "self_directed": ("cohort.trial", "self_directed"),
}
_LEVEL: Final = "###"  # a page has a section of them
_HEAD: Final = ("number", "value", "mark", "source")


def _text(package: str, name: str) -> str:
    return (resources.files(package) / f"{name}.yaml").read_text(encoding="utf-8")


def _record(text: str) -> dict[str, Any]:
    record: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return record


def _opening(text: str) -> str:
    """Return the comment at the head of a file, as paragraphs."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return as_text("\n".join(lines).strip())


def number_table(record: object) -> str:
    """Return a table of every number of a record with its mark and source.

    Examples
    --------
    >>> fact = {"value": "8 day", "mark": "read", "source": "label"}
    >>> print(number_table({"duration": fact}).splitlines()[-1])
    | `duration` | 8 day | read | label |
    """
    rows = [
        [f"`{place}`" if place else "", as_text(value), mark, as_text(source)]
        for place, value, mark, source in marked_rows(record)
    ]
    return table(_HEAD, rows) if rows else ""


def content_pages() -> dict[str, str]:
    """Return the numbers of every content file, by path of a part of a page.

    Examples
    --------
    >>> pages = content_pages()
    >>> "### Whey protein isolate (`whey`)" in pages["foods_numbers.md"]
    True
    """
    pages: dict[str, str] = {}
    for room, package in _ROOMS.items():
        names = packaged_names(package)
        texts = {name: _text(package, name) for name in names}
        sections = [_content_section(name, text, _record(text)) for name, text in texts.items()]
        pages[f"{room}_numbers.md"] = "\n\n".join(sections) + "\n"
    for page, (package, name) in _SINGLE.items():
        text = _text(package, name)
        pages[f"{page}_numbers.md"] = f"{_opening(text)}\n\n{number_table(_record(text))}\n"
    pages["events_numbers.md"] = events_page()
    pages["trials_table.md"] = trials_table()
    pages["tableaus_numbers.md"] = _tableaus()
    return pages


def _content_section(name: str, text: str, record: dict[str, Any]) -> str:
    blocks = [
        f"{_LEVEL} {as_text(record['title'])} (`{name}`)",
        _opening(text),
        number_table(record),
    ]
    left_out = record.get("left_out")
    if left_out:
        listed = "\n".join(f"- {as_text(item)}" for item in left_out)
        blocks.append(f"Left out:\n\n{listed}")
    return "\n\n".join(block for block in blocks if block)


def events_page() -> str:
    """Return a section for each adverse event: what drives it, and its numbers.

    Examples
    --------
    >>> "### Nausea (`nausea`)" in events_page()
    True
    """
    by_class: dict[str, list[str]] = {}
    for name in adverse_event_names():
        event = load_adverse_event(name)
        driven = event.measure or ", ".join(driver.reads for driver in event.drivers)
        numbers = number_table(event.model_dump(mode="json", exclude_none=True))
        said = f"Driven by: {_code(driven.split(', '))}." if driven else "Background only."
        section = f"### {event.term} (`{name}`)\n\n{said}\n\n{numbers}"
        by_class.setdefault(event.organ_class, []).append(section)
    blocks = []
    for organ_class, sections in by_class.items():
        blocks += [f"## {organ_class}", *sections]
    return "\n\n".join(blocks) + "\n"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def trials_table() -> str:
    """Return the packaged trials.

    Examples
    --------
    >>> "| `sct-md-01` |" in trials_table()
    True
    """
    rows = []
    for name in protocol_names():
        protocol = load_protocol(name)
        patients = sum(arm.patients for arm in protocol.arms)
        cells = [str(len(protocol.arms)), str(patients), str(len(protocol.published))]
        rows.append([f"`{name}`", as_text(protocol_title(name)), *cells])
    return table(["Name", "What", "Arms", "Patients", "Published rows"], rows) + "\n"


def _tableaus() -> str:
    blocks = []
    for name in tableau_names():
        one = tableau(name)
        rows = [["gamma", "", f"{one.gamma!r}"]]
        for letter, matrix in (("a", one.a), ("c", one.c)):
            for i, row in enumerate(matrix, start=2):
                rows += [[letter, f"{i}, {j}", f"{value!r}"] for j, value in enumerate(row, 1)]
        facts = f"Order {one.order}, embedded {one.error_order}. Digits: {as_text(one.source)}."
        blocks += [f"### `{name}`", facts, table(["coefficient", "row, column", "value"], rows)]
    return "\n\n".join(blocks) + "\n"
