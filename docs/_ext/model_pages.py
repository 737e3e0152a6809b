"""Pages of equations: the chemistry system by system, and every drug. Nothing is typed by hand.

Formulas, units, values, sources and marks are those of the declarations that trials simulate, by
way of `pipelines.model_view`.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from content import chemistry_views, observations
from page_text import as_text, table

from cohort.chemistry import WHOLE
from cohort.compounds import TARGETS
from cohort.drugs import Drug, drug_names, load_drug
from cohort.patient_model import drug_submodels
from pipelines.drug_view import drug_record, number_rows
from pipelines.model_text import render_system
from pipelines.model_view import SystemView, view_submodel

__all__ = ["chemistry_pages", "drug_pages"]

_EXTRA: Final = ("crosstalk", "balance")
_READING: Final = (
    "Time is in hours. In formulas a name has spaces for its underscores. *At rest* is the "
    "reference patient; *spread* is the standard deviation of the logarithm between patients, "
    "*const* a number that is written into the equations. Marks: *read* at the source, *computed* "
    "from what was read, *design* (chosen or fitted here), *assumed* (recalled or guessed, to be "
    "verified)."
)


def chemistry_pages(only: Collection[str] | None = None) -> dict[str, str]:
    """Return a page for each system of the chemistry, by path, and the list of them.

    Parameters
    ----------
    only
        Systems; all if left out.

    Examples
    --------
    >>> pages = chemistry_pages()
    >>> pages["chemistry/serotonin.md"].splitlines()[0]
    '# Serotonin'
    """
    views = [view for view in chemistry_views() if only is None or view.name in only]
    pages = {f"chemistry/{view.name}.md": _page(view) for view in views}
    rows = [_row(view) for view in views]
    head = ["System", "States", "Numbers", "read", "computed", "design", "assumed"]
    pages["chemistry_table.md"] = (
        f"{table(head, rows)}\n\n\\* not part of what `cohort model simulate` takes by itself\n\n"
        f"{_toctree('chemistry', (view.name for view in views))}"
    )
    return pages


def _page(view: SystemView) -> str:
    _, headline, *rest = render_system(view, level=1).split("\n\n")
    said = f"`{view.name}`: {headline}"
    return "\n\n".join([f"# {view.title}", said, _READING, *rest]) + "\n"


def _row(view: SystemView) -> list[str]:
    counts = view.counts
    star = "" if view.name in (*WHOLE, *_EXTRA) else r" \*"
    marks = (counts.read, counts.computed, counts.design, counts.assumed)
    link = f"[{view.title}](/generated/chemistry/{view.name}.md){star}"
    return [link, str(len(view.states)), str(counts.total), *map(str, marks)]


def _toctree(folder: str, names: Iterable[str]) -> str:
    listed = "\n".join(f"/generated/{folder}/{name}" for name in names)
    return f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


def drug_pages(only: Collection[str] | None = None) -> dict[str, str]:
    """Return a page for each drug, by path, and the list of them.

    Parameters
    ----------
    only
        Drugs; all if left out.

    Examples
    --------
    >>> pages = drug_pages(["sertraline"])
    >>> "# Sertraline (`sertraline`)" in pages["drugs/sertraline.md"]
    True
    """
    drugs = [load_drug(name) for name in drug_names() if only is None or name in only]
    records = {drug.name: drug_record(drug, observations()) for drug in drugs}
    providers = _providers()
    pages = {
        f"drugs/{drug.name}.md": _drug_page(drug, records[drug.name], providers) for drug in drugs
    }
    head = ["Drug", "Dose a day [mg]", "Acts on", "Removed by", "Judged by", "Assumed"]
    rows = [_drug_row(record) for record in records.values()]
    pages["drug_table.md"] = (
        f"{table(head, rows)}\n\n*Judged by*: published observations, those in parentheses "
        "independent of every number of the drug. *Assumed*: numbers recalled or guessed, of all.\n"
    )
    return pages


def _providers() -> dict[str, str]:
    """Return which system of the chemistry provides a quantity."""
    return {item.name: view.name for view in chemistry_views() for item in view.provides}


def _drug_row(record: Mapping[str, object]) -> list[str]:
    low, _, high = _doses(record)
    targets = ", ".join(TARGETS[name].title for name in _names(record, "targets"))
    return [
        f"[{record['title']}](/generated/drugs/{record['name']}.md), {record['route']}",
        f"{low:g} to {high:g}",
        targets,
        ", ".join(_names(record, "enzymes")),
        f"{record['observations']} ({record['independent']})",
        f"{record['assumed']} of {record['numbers']}",
    ]


def _doses(record: Mapping[str, object]) -> list[float]:
    doses = record["dose_mg"]
    assert isinstance(doses, list)
    return doses


def _names(record: Mapping[str, object], key: str) -> list[str]:
    names = record[key]
    assert isinstance(names, list)
    return names


def _drug_page(drug: Drug, record: Mapping[str, object], known: Mapping[str, str]) -> str:
    low, usual, high = _doses(record)
    targets = ", ".join(TARGETS[name].title for name in _names(record, "targets"))
    parts = drug_submodels(drug.compounds, drug.inputs)
    providers = dict(known) | {name: part.name for part in parts for name in part.provides}
    inhibits = ", ".join(_names(record, "inhibits"))
    facts = [
        f"- Route: {drug.route}; {low:g} to {high:g} mg a day, usually {usual:g}",
        f"- Compounds: {', '.join(_names(record, 'compounds'))}",
        f"- Acts on: {targets or 'nothing that the model has'}",
        f"- Removed by: {', '.join(_names(record, 'enzymes')) or 'other ways'}",
        f"- Inhibits: {inhibits or 'no enzyme'}",
        f"- Judged by {record['observations']} published observations, {record['independent']} of "
        "them independent of its numbers",
        f"- {record['assumed']} of {record['numbers']} numbers are assumed",
    ]
    rows = [
        [f"`{place}`", as_text(value), mark, tag, as_text(source)]
        for place, value, mark, tag, source in number_rows(drug)
    ]
    head = ["number", "value", "mark", "use", "source"]
    equations = [
        render_system(view_submodel(part, _part_title(part.name), providers), level=2)
        for part in parts
    ]
    return (
        "\n\n".join(
            [
                "---\norphan: true\n---",
                f"# {drug.title} (`{drug.name}`)",
                "One of the [drugs](/methods/drugs.md).",
                "\n".join(facts),
                f"## What its files say\n\n{table(head, rows)}",
                *equations,
            ]
        )
        + "\n"
    )


def _part_title(name: str) -> str:
    kind, _, compound = name.partition("_")
    titles = {"targets": "What is bound", "enzymes": "Enzymes and routes"}
    return titles.get(name) or f"{compound.replace('_', ' ')}: {kind}"
