"""RESULTS.md: tables and verdicts from the rows of engine.jsonl, nothing else."""

import math
from collections import defaultdict
from statistics import median

from engine.curves import curves, rate_at

TARGETS = (1e-4, 1e-5, 1e-6)
"""Errors of the worst patient at which solvers are compared."""
CHEMISTRY_DAYS = 84
"""As in `engine.chemistry`, which needs the package and is not imported here."""
HEAD = """# How fast, and how right

Written by `python benchmarks/run.py` from `benchmarks/results/engine.jsonl`; not by hand.

Every runner first solves patients of which the tight solution is known (`engine/reference.npz`:
Radau at rtol 1e-10), and is timed only if it is right. Rates are medians over rounds in which all
runners take turns; a range is the slowest and the fastest round. *Patients per CPU-second* is the
rate of one core however busy the machine is; on a GPU read patients per second, transfers included.
Error is |y - ref| / (|ref| + 0.001) at day 84 in the worst state, of the worst and of the median
patient. Start is generating, compiling and loading until the first patient can be solved, imports
left out; cold with empty caches, warm with what the round before left. Memory is the peak of the
process.
"""
SERT29 = """
## sert29 at rtol 1e-5, atol 1e-8

A serotonin terminal of 29 states under a daily SSRI tablet, 84 days, one patient after another a
different person (`benchmarks/engine/sert29.py`). Same equations, tablets, tolerances for all.
"""
ROOFLINE = """
### Share of the machine

Operations and bytes of one attempted step, counted from the program and the tableau
(`kernels/cost.py`), over CPU time, beside the fused multiply-adds of one core as
measured at the same time. *Bound* is the least time for the same operations: divisions at the
measured rate of divisions, all else at the peak. Additions and multiplications are not contracted,
so that every backend gives the same bits; where one unit does both, half of the peak is the most.
"""
CHEMISTRY = """
## The whole chemistry at rtol 1e-5, atol 1e-6 of the scale of a state

The patient model with every system of the chemistry and escitalopram, 82 states, 84 days from rest:
10 mg a day, three meals a day, cortisol by the clock; all parameters that differ between people do
(`benchmarks/engine/chemistry.py`). The equations are those that trials assemble. Other packages get
them written out from SymPy, with all that is constant in a patient worked out before, and start
again at each of the 336 meals and tablets (`benchmarks/engine/peer_text.py`). The answer is every
state on days 1, 3, 28 and 84; the answer that was timed is the one that is checked. Error is
|y - ref| / (|ref| + 0.1 scale). NumPy and SciPy are measured in one round only. What each system of
the model costs: `cohort model cost`.
"""
CHEMISTRY_STEP = """
### One step of the chemistry, and the share of the machine

As for sert29; *elementary* are calls of exp, log, pow and cos, which flop leaves out.
"""
TRIAL = """
## The whole patient model of sct-md-01

Run-in and 56 days of the arm escitalopram 20 mg, meals and tablets, at the tolerance of trials.
*Whole* is everything a run does for a block but the writing of tables; *engine* is the integration
in it. Error: all saved observables against rtol 1e-9, as for sert29 but with a floor of 0.1 % of
the observable's largest value.
"""
CURVES = """
## Work and precision

Patients per CPU-second (median error / worst error) on sert29; medians over rounds.
"""
SCALING = """
## Scaling

sert29 at rtol 1e-5 with daily outcomes of every lane kept, float64.
"""


def write(rows, plot):
    """Return the text of RESULTS.md; ``plot`` is the file name of the curves, or None."""
    parts = [HEAD, *_machines(rows)]
    for name, part in (
        ("sert29", _sert29),
        ("chemistry", _chemistry),
        ("trial", _trial),
        ("work-precision", lambda some: _curves(some, plot)),
        ("scaling", _scaling),
    ):
        some = [row for row in rows if row["section"] == name]
        if some:
            parts += part(some)
    parts += ["\n## Verdict\n", *(f"- {line}" for line in verdicts(rows))]
    return "\n".join(parts) + "\n"


def verdicts(rows):
    """Return our rates over those of the fastest other package, in sentences."""
    good = [row for row in rows if row["status"] == "ok"]
    same = _same_rtol([row for row in good if row["section"] == "sert29"])
    gpu = _on_gpu([row for row in good if row["section"] == "sert29"])
    equal = _equal_error([row for row in good if row["section"] == "work-precision"])
    whole = _same_rtol(_rates(good, "chemistry"), "The whole chemistry at rtol 1e-5")
    return [*same, *gpu, *equal, *whole] or [
        "Nothing to compare: our engine was not measured on sert29."
    ]


def _rates(rows, section):
    """Return the rows of a section that hold a rate, which checks of the answer do not."""
    return [row for row in rows if row["section"] == section and "per_cpu_s" in row]


def _same_rtol(rows, what="At rtol 1e-5"):
    on_a_core = [row for row in rows if row["threads"] == 1 and row["device"] != "cuda:0"]
    groups = _groups(on_a_core)
    best = _fastest_peer(groups)
    if best is None:
        return [f"{what}: no other package was measured."] if groups else []
    rate, low, high = _spread(groups[best])
    lines = []
    for key, value in groups.items():
        if value[0]["is_ours"]:
            own, own_low, own_high = _spread(value)
            lines.append(
                f"{what}, one core: {key[0]} {own:.4g} patients/CPU-s, fastest other package "
                f"{best[0]} {rate:.4g}: ratio **{own / rate:.3g}** "
                f"({own_low / high:.3g} to {own_high / low:.3g} over rounds); worst error "
                f"{_median(value, 'error_worst'):.1e} against "
                f"{_median(groups[best], 'error_worst'):.1e}."
            )
    return lines


def _fastest_peer(groups):
    """Return the key of the other package with the highest median rate, None without any."""
    peers = [key for key, some in groups.items() if not some[0]["is_ours"]]
    return max(peers, key=lambda key: _median(groups[key], "per_cpu_s"), default=None)


def _on_gpu(rows):
    groups = {label: some for (label, threads, _), some in _groups(rows).items() if threads == 1}
    on_gpu = {label: some for label, some in groups.items() if some[0]["device"] == "cuda:0"}
    others = [label for label, some in on_gpu.items() if not some[0]["is_ours"]]
    lines = []
    for label, some in on_gpu.items():
        for other in (*others, "native-float64") if some[0]["is_ours"] else ():
            if other in groups:
                rate, beside = _median(some, "per_s"), _median(groups[other], "per_s")
                lines.append(
                    f"At rtol 1e-5: {label} {rate:.4g} patients/s, {other} {beside:.4g}: ratio "
                    f"**{rate / beside:.3g}**."
                )
    return lines


def _equal_error(rows):
    on_a_core = [row for row in rows if row["device"] != "cuda:0"]
    ours = {row["label"] for row in on_a_core if row["is_ours"]}
    lines = []
    for target in TARGETS:
        rates = {
            label: rate
            for label, points in curves(on_a_core).items()
            if (rate := rate_at(points.values(), target)) is not None
        }
        others = {label: rate for label, rate in rates.items() if label not in ours}
        if not others:
            continue
        best = max(others, key=others.__getitem__)
        lines += [
            f"At a worst error of {target:.0e}, one core, between the points of each curve: "
            f"{label} {rates[label]:.4g} patients/CPU-s, fastest other package {best} "
            f"{others[best]:.4g}: ratio **{rates[label] / others[best]:.3g}**."
            for label in rates
            if label in ours
        ]
    return lines


# sections


def _machines(rows):
    about = defaultdict(list)
    for row in rows:
        keys = ("cpu", "cores", "instructions", "memory_gb", "system", "python", "date")
        about[(*(row[key] for key in keys), row["commit"], row["is_dirty"])].append(row)
    lines = ["| sections | CPU | cores | SIMD | memory GB | system | Python | date | commit |"]
    lines.append("| --- " * 9 + "|")
    for key, some in about.items():
        sections = ", ".join(dict.fromkeys(row["section"] for row in some))
        *machine, commit, is_dirty = key
        dirty = " with uncommitted changes" if is_dirty else ""
        lines.append(_table_row(sections, *machine, commit + dirty))
    return lines


def _sert29(rows):
    head = (
        "runner", "threads", "patients/CPU-s", "range", "patients/s", "steps", "error worst",
        "error median", "start cold s", "start warm s", "peak MB", "n", "method",
    )  # fmt: skip
    lines = [SERT29, _table_row(*head), "| --- " * len(head) + "|"]
    groups = _groups([row for row in rows if row["status"] == "ok"])
    for (label, threads, _), some in sorted(
        groups.items(), key=lambda item: -_median(item[1], "per_cpu_s")
    ):
        rate, low, high = _spread(some)
        lines.append(
            _table_row(
                f"**{label}**" if some[0]["is_ours"] else label,
                threads,
                _short(rate),
                f"{_short(low)} to {_short(high)}",
                _short(_median(some, "per_s")),
                _short(_median(some, "steps"), 5),
                _short(_median(some, "error_worst"), 2),
                _short(_median(some, "error_median"), 2),
                *_starts(some),
                _short(_median(some, "peak_mb"), 3),
                some[0]["n"],
                f"{some[0]['method']} ({some[0]['version']})",
            )
        )
    return [*lines, *_load(rows), *_reasons(rows), *_roofline(rows)]


def _chemistry(rows):
    head = (
        "runner", "patients/CPU-s", "range", "to the fastest other", "steps a day",
        "rejected a day", "error worst", "error median", "start cold s", "start warm s",
        "peak MB", "n", "method",
    )  # fmt: skip
    lines = [CHEMISTRY, _table_row(*head), "| --- " * len(head) + "|"]
    groups = _groups(_rates([row for row in rows if row["status"] == "ok"], "chemistry"))
    on_a_core = {key: some for key, some in groups.items() if some[0]["device"] != "cuda:0"}
    fastest = _fastest_peer(on_a_core)
    beside = None if fastest is None else _median(groups[fastest], "per_cpu_s")
    for (label, *_), some in sorted(
        groups.items(), key=lambda item: -_median(item[1], "per_cpu_s")
    ):
        rate, low, high = _spread(some)
        days = [_per_day(_median(some, name)) for name in ("steps", "rejected")]
        lines.append(
            _table_row(
                f"**{label}**" if some[0]["is_ours"] else label,
                _short(rate),
                f"{_short(low)} to {_short(high)}",
                _short(beside and rate / beside, 3),
                *days,
                _short(_median(some, "error_worst"), 2),
                _short(_median(some, "error_median"), 2),
                *_starts(some),
                _short(_median(some, "peak_mb"), 3),
                some[0]["n"],
                f"{some[0]['method']} ({some[0]['version']})",
            )
        )
    return [*lines, *_judged(rows), *_load(rows), *_reasons(rows), *_roofline(rows, CHEMISTRY_STEP)]


def _per_day(value):
    return "-" if value is None else f"{value / CHEMISTRY_DAYS:.1f}"


def _judged(rows):
    """Return what the tight solution is and how far SciPy is from it."""
    checks = {row["label"]: row for row in rows if "per_cpu_s" not in row and row["status"] == "ok"}
    if "tight" not in checks:
        return []
    tight, referee = checks["tight"], checks.get("referee")
    told = f"Tight solution: our engine at rtol {tight['rtol']:.0e}, {tight['n']} patients."
    if referee:
        told += (
            f" SciPy {referee['version']} Radau at rtol {referee['rtol']:.0e}, exact Jacobian by "
            f"SymPy, differs by at most {referee['error_worst']:.1e} over the first "
            f"{referee['days']} days of {referee['n']} patients."
        )
    return ["", told]


def _starts(some):
    """Return the median seconds to start, cold and warm."""
    cold = [row["start_s"] for row in some if row["is_cold"]]
    warm = [row["start_s"] for row in some if not row["is_cold"]]
    return _short(cold and median(cold)), _short(warm and median(warm))


def _load(rows):
    """Return how busy the machine was: rates in wall time of two threads suffer from it."""
    loads = [row["load"] for row in rows if "load" in row]
    if not loads:
        return []
    told = f"{min(loads):.1f} to {max(loads):.1f}, median {median(loads):.1f}"
    return ["", f"Load average when timing began: {told}, on {rows[0]['cores']} cores."]


def _roofline(rows, intro=ROOFLINE):
    some = [row for row in rows if row["status"] == "ok" and "of_fma" in row]
    if not some:
        peaks_from = next((row["peaks_from"] for row in rows), "")
        return ["", f"No share of the peak: {peaks_from}."]
    peaks = some[0]["peaks"]
    told = "; ".join(
        f"{name} {p['fma']:.4g} GFLOP/s fused multiply-add, {p['divide']:.3g} G divisions/s"
        for name, p in peaks.items()
    )
    head = ("runner", "threads", "add", "mul", "div", "flop", "elementary", "bytes", "GFLOP/s",
            "GB/s", "of peak", "of bound")  # fmt: skip
    lines = [intro, f"Peak of one core: {told} ({some[0]['peaks_from']}).", ""]
    lines += [_table_row(*head), "| --- " * len(head) + "|"]
    for (label, threads, _), group in _groups(some).items():
        step = group[0]["step"]
        counts = [step[name] for name in ("add", "mul", "div", "flop", "elementary", "bytes")]
        rates = [_short(_median(group, name)) for name in ("gflop_per_s", "gbyte_per_s")]
        shares = [f"{100 * _median(group, name):.0f} %" for name in ("of_fma", "of_bound")]
        lines.append(_table_row(label, threads, *counts, *rates, *shares))
    return lines


def _trial(rows):
    head = ("runner", "whole: patients/CPU-s", "range", "engine: patients/CPU-s", "steps",
            "error worst", "of peak", "start cold s", "start warm s", "peak MB", "n")  # fmt: skip
    lines = [TRIAL, _table_row(*head), "| --- " * len(head) + "|"]
    for (label, *_), some in _groups([row for row in rows if row["status"] == "ok"]).items():
        rate, low, high = _spread(some)
        share = _median(some, "of_fma")
        lines.append(
            _table_row(
                f"**{label}**",
                _short(rate),
                f"{_short(low)} to {_short(high)}",
                _short(_median(some, "engine_per_cpu_s")),
                _short(_median(some, "steps"), 5),
                _short(_median(some, "error_worst"), 2),
                "-" if share is None else f"{100 * share:.0f} %",
                *_starts(some),
                _short(_median(some, "peak_mb"), 3),
                some[0]["n"],
            )
        )
    return [*lines, *_reasons(rows)]


def _curves(rows, plot):
    rtols = sorted({row["rtol"] for row in rows}, reverse=True)
    lines = [CURVES, _table_row("runner", *(f"rtol {rtol:.0e}" for rtol in rtols))]
    lines.append("| --- " * (len(rtols) + 1) + "|")
    refused = {(row["label"], row["rtol"]): row for row in rows if row["status"] != "ok"}
    for label, some in curves(rows).items():
        points = (some.get(rtol, refused.get((label, rtol))) for rtol in rtols)
        lines.append(_table_row(label, *map(_point, points)))
    return [*lines, *([f"\n![rate against error]({plot})"] if plot else []), *_reasons(rows)]


def _point(row):
    if row is None:
        return "-"
    if row["status"] != "ok":
        return row["status"]
    errors = f"{row['error_median']:.0e} / {row['error_worst']:.0e}"
    return f"{_short(row['per_cpu_s'])} ({errors})"


def _scaling(rows):
    head = ("runner", "threads", "lanes", "patients/s", "patients/CPU-s", "wall s", "peak MB",
            "kB a lane")  # fmt: skip
    lines = [SCALING, _table_row(*head), "| --- " * len(head) + "|"]
    for row in rows:
        if row["status"] == "ok":
            each = row["peak_mb"] * 1024 / row["n"]
            cells = [_short(row[name]) for name in ("per_s", "per_cpu_s", "wall_s", "peak_mb")]
            lines.append(_table_row(row["label"], row["threads"], row["n"], *cells, _short(each)))
    return [*lines, *_reasons(rows)]


# pieces


def _reasons(rows):
    """Return one line for everything that was not measured, and why."""
    told = dict.fromkeys(
        (row["label"], row["threads"], row.get("n"), row["rtol"], row["status"], row["reason"])
        for row in rows
        if row["status"] != "ok"
    )
    lines = []
    for label, threads, n, rtol, status, reason in told:
        many = f", {n} lanes on {threads} threads" if status == "cut" else ""
        where = f", rtol {rtol:.0e}" if status in ("wrong answer", "failed") and rtol else ""
        lines.append(f"- {label}{many}{where}: {status} ({reason})")
    return ["", "Not measured:", "", *dict.fromkeys(lines)] if lines else []


def _groups(rows):
    groups = defaultdict(list)
    for row in rows:
        groups[row["label"], row["threads"], row["rtol"]].append(row)
    return groups


def _median(rows, key):
    values = [row[key] for row in rows if row.get(key) is not None]
    return median(values) if values else None


def _spread(rows):
    rates = [row["per_cpu_s"] for row in rows]
    return median(rates), min(rates), max(rates)


def _short(value, digits=4):
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "-"
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def _table_row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"
