"""A finished run, opened: its tables as Polars frames, its figures, what it was made with."""

import difflib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import InputError
from pipelines.exchange.contents import MARK, RunTable, read_contents
from pipelines.exchange.plain import plain_table
from pipelines.interactive.figures import Figure, Figures
from pipelines.interactive.glance import glance_html, glance_text
from pipelines.report.make import report_document, write_report
from pipelines.report.run_data import read_run
from pipelines.run_folder import RunFolder, read_settings, refuse_if_held
from pipelines.schema.plain_names import PLAIN_TABLES
from pipelines.seal import SEAL

__all__ = ["Run", "UnknownTableError", "load"]

_FIRST_FIGURE = "primary"


class UnknownTableError(InputError, AttributeError, KeyError):
    """A run has no table of that name.

    Examples
    --------
    >>> print(UnknownTableError("run a: no table 'adxl'. Did you mean 'adsl'?"))
    run a: no table 'adxl'. Did you mean 'adsl'?
    """

    __str__ = Exception.__str__  # that of KeyError puts the message in quotes


class Run:
    """A finished run: `load` opens one, `run` makes one.

    Parameters
    ----------
    root
        The run folder.

    Notes
    -----
    A table is an attribute and an entry: ``run.adsl`` and ``run["adsl"]`` read it, with its CDISC
    ADaM names, ``run.patients`` and ``run["patients"]`` read the same rows under plain words. Each
    time the file is read anew; ``run.scan("adqs")`` reads what is asked of it only. Nothing here
    changes the run but `report`, which writes into its folder ``report``.

    Examples
    --------
    >>> Run.__name__  # opened by tests/pipelines/interactive: it needs a run
    'Run'
    """

    def __init__(self, root: Path) -> None:
        self._contents = read_contents(root)
        self._root = root

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self._root

    @property
    def name(self) -> str:
        """Name of the trial."""
        return str(self.protocol["name"])

    @property
    def title(self) -> str:
        """Title of the trial."""
        return self._contents.title

    @property
    def n_patients(self) -> int:
        """Rows of the table `adsl`: patients, each once an arm and variant that has it."""
        return self._contents.tables["adsl"].n_rows

    @property
    def n_missing(self) -> int:
        """Patients that are missing because their units failed at every attempt."""
        return self._contents.n_missing

    @property
    def made(self) -> str:
        """When the run was finished, as ISO 8601 has it."""
        return self._contents.made

    @cached_property
    def protocol(self) -> dict[str, Any]:
        """The protocol with every default and override, as plain values; `run` takes it."""
        settings = read_settings(RunFolder(self._root))
        return {} if settings is None else dict(settings.protocol)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Versions, device, seeds, hosts, times and checksums of the run."""
        text = RunFolder(self._root).provenance.read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    @property
    def tables(self) -> pl.DataFrame:
        """What tables there are: name, plain name, rows, columns, size and what a row is."""
        known = self._contents.tables
        return pl.DataFrame(
            {
                "table": list(known),
                "plain_name": [PLAIN_TABLES.get(name) for name in known],
                "rows": [one.n_rows for one in known.values()],
                "columns": [len(one.table.columns) for one in known.values()],
                "megabytes": [round(one.path.stat().st_size / 1e6, 3) for one in known.values()],
                "label": [one.table.label for one in known.values()],
            },
            schema_overrides={"plain_name": pl.String},
        )

    def columns(self, table: str) -> pl.DataFrame:
        """Return the columns of a table: name, label, unit and meaning.

        Parameters
        ----------
        table
            Name of the table, either one.
        """
        found, is_plain = self._find(table)
        names = plain_table(found.table).names if is_plain else {}
        listed = [
            (names.get(one.name, one.name), one.label, one.unit, one.meaning)
            for one in found.table.columns
            if not is_plain or one.name in names
        ]
        return pl.DataFrame(
            listed,
            schema=dict.fromkeys(("column", "label", "unit", "meaning"), pl.String),
            orient="row",
        )

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a table that is read when something is asked of it, for tables of any size.

        Parameters
        ----------
        table
            Its name: ``adqs`` for CDISC ADaM columns, ``scores`` for plain words.

        Raises
        ------
        UnknownTableError
            If the run has no such table.
        """
        found, is_plain = self._find(table)
        if not is_plain:
            return found.scan()
        plain = plain_table(found.table)
        frame = found.scan()
        if MARK.name not in [one.name for one in found.table.columns]:
            frame = frame.with_columns(pl.lit(MARK.allowed[0]).alias(MARK.name))
        return frame.select(plain.expressions(with_categories=True))

    def __getitem__(self, table: str) -> pl.DataFrame:
        found, is_plain = self._find(table)
        if not is_plain:
            return found.collect(pl.all())
        return self.scan(table).collect(engine="streaming")

    def __getattr__(self, name: str) -> pl.DataFrame:
        if name.startswith("_") or "_contents" not in self.__dict__:  # asked by copy and pickle
            raise AttributeError(name)
        return self[name]

    def __contains__(self, table: object) -> bool:
        return table in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents.tables)

    def __len__(self) -> int:
        return len(self._contents.tables)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._names})

    def __reduce__(self) -> tuple[type["Run"], tuple[Path]]:
        return Run, (self._root,)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._names)

    @property
    def _names(self) -> dict[str, tuple[RunTable, bool]]:
        """Every name of a table, and whether it is the plain one."""
        known = self._contents.tables
        plain = {
            PLAIN_TABLES[name]: (one, True) for name, one in known.items() if name in PLAIN_TABLES
        }
        return {name: (one, False) for name, one in known.items()} | plain

    def _find(self, table: str) -> tuple[RunTable, bool]:
        names = self._names
        if isinstance(table, str) and table in names:
            return names[table]
        near = difflib.get_close_matches(str(table).lower(), names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "'run.tables' lists them."
        raise UnknownTableError(
            f"run {self._root}: no table {table!r}; it has {', '.join(names)}. {hint}"
        )

    @cached_property
    def plots(self) -> Figures:
        """The figures of the report, by name."""
        return Figures(report_document(read_run(self._root)))

    def plot(self, name: str = _FIRST_FIGURE) -> Figure:
        """Return a figure of the report; a notebook shows it.

        Parameters
        ----------
        name
            Its name, as `plots` lists it; left out, what came out for the primary endpoint.

        Raises
        ------
        InputError
            If the run has no such figure.
        """
        if name == _FIRST_FIGURE and name not in self.plots:
            return self.plots["course"]  # of a trial without control
        return self.plots[name]

    def report(self, out: str | Path | None = None, *, form: str = "html") -> Path:
        """Write the report and return where it is.

        Parameters
        ----------
        out
            File, or folder of figures; it must not exist. Left out, the folder ``report`` of the
            run.
        form
            ``html``, ``markdown`` or ``figures``.
        """
        target = None if out is None else Path(out).expanduser()
        written = write_report(self._root, out=target, kind=form)
        return written[0].parent if form == "figures" else written[0]

    def __repr__(self) -> str:
        return glance_text(self._contents)

    def _repr_html_(self) -> str:
        return glance_html(self._contents)


def load(folder: str | Path) -> Run:
    """Open a finished run.

    Parameters
    ----------
    folder
        The run folder, as ``--out`` of `cohort run` named it.

    Raises
    ------
    InputError
        If there is no run, or it is not finished.
    LockError
        If a live run writes to it.
    ShardError
        If it is damaged.

    Examples
    --------
    >>> load("no/folder")
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: no/folder: no folder there; one that 'cohort run' has finished \
is needed. Look at the path.
    """
    if not isinstance(folder, str | Path):
        raise InputError(
            f"load: {folder!r}; the path of a run folder is allowed. Write it as load('runs/a')."
        )
    given = Path(folder).expanduser()
    _refuse_what_is_no_run(given)
    return Run(given.absolute())


def _refuse_what_is_no_run(given: Path) -> None:
    wanted = "one that 'cohort run' has finished is needed"
    if not given.exists():
        raise InputError(f"{given}: no folder there; {wanted}. Look at the path.")
    if not given.is_dir():
        raise InputError(f"{given}: a file; a folder, {wanted}. Look at the path.")
    if (given / "settings.json").is_file():
        refuse_if_held(RunFolder(given))
        if not (given / SEAL).is_file():
            raise InputError(
                f"{given}: this run is not finished; {wanted}. Run the same command again to "
                "finish it."
            )
        return
    inner = next((one for one in (given.parent, *_runs_in(given)) if _is_run(one)), None)
    hint = f"Did you mean {str(inner)!r}?" if inner else "Look at the path."
    raise InputError(f"{given}: no run there; {wanted}. {hint}")


def _is_run(folder: Path) -> bool:
    return (folder / "settings.json").is_file() and (folder / "tables").is_dir()


def _runs_in(folder: Path) -> Iterator[Path]:
    """Yield folders in a folder that may be runs, as those of a batch are."""
    for pattern in ("*", "*/*"):
        yield from sorted(one for one in folder.glob(pattern) if one.is_dir())
