"""Measure the engine beside other packages: check every answer, time it, write it down.

    python benchmarks/run.py                                   # everything that is installed here
    python benchmarks/run.py --peers-python .venv-peers/bin/python
    python benchmarks/run.py --sections sert29 --only native pydiffsol --rounds 5
    python benchmarks/run.py --sections chemistry --peers-python .venv-peers/bin/python
    python benchmarks/run.py --sections scaling --budget-s 1500
    python benchmarks/run.py --sections                        # only write the report again

Section sert29 is a made-up system of 29 states, chemistry the whole patient model of 82, trial a
block of a packaged trial. Every runner is a process of its own, pinned to as many cores as it has
threads. It solves patients whose tight solution is known; a wrong answer gets no rate. What is not
installed here becomes a row that says so. One JSON line a measurement goes to
benchmarks/results/engine.jsonl (lines of sections that are not measured this time stay), and
benchmarks/RESULTS.md is written from that file. Needs the packages of the project; the other
packages may live in another environment (benchmarks/requirements-peers.txt), named with
--peers-python.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from engine import catalogue, environment, launch, report, roofline
from engine.sections import SECTIONS, Settings

HERE = Path(__file__).parent


def main():
    options = _options()
    kept = [row for row in _read(options.results) if row["section"] not in options.sections]
    new = []
    with tempfile.TemporaryDirectory(prefix="benchmarks") as folder:
        for row in _measured(options, Path(folder)) if options.sections else ():
            new.append(row)
            _save(options.results, kept + new)  # a run that is stopped keeps what it has
            print(_line(row), flush=True)
    plot = options.report.with_name("work-precision.svg")
    text = report.write(kept + new, plot.name if _drawn(options, plot) else None)
    options.report.write_text(text)
    print(f"\nwrote {options.results} and {options.report}\n")
    print("\n".join(report.verdicts(kept + new)))


def _measured(options, cache):
    entries = [] if options.skip_peers else [*catalogue.PEERS, *catalogue.CHEMISTRY_PEERS]
    peaks, how = roofline.peaks()
    settings = Settings(
        rounds=options.rounds,
        only=tuple(options.only),
        patients=dict(options.patients),
        has_peers=not options.skip_peers,
        python=Path(sys.executable),
        peers_python=options.peers_python,
        cache=cache,
        budget_s=options.budget_s,
        timeout_s=options.timeout_s,
        present=launch.present(options.peers_python, [*entries, catalogue.REFEREE]),
        own_devices=launch.own_devices(),
        peaks=peaks,
    )
    about = environment.machine() | environment.commit() | {"date": environment.today()}
    about |= {"peaks": _plain(peaks), "peaks_from": how}
    for name in options.sections:
        for row in SECTIONS[name](settings):
            yield row | about


def _save(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _plain(peaks):
    return peaks and {name: {"fma": p.fma, "divide": p.divide} for name, p in peaks.items()}


def _line(row):
    start = f"{row['section']:15s}{row['label']:26s}x{row['threads']} "
    if row["status"] != "ok":
        return f"{start}{row['status']}: {row.get('reason', '')}"
    told = f"{start}rtol {row['rtol']:.0e}  n {row['n']:<8d}"
    if "per_cpu_s" in row:  # not in rows that only check
        told += f"{row['per_cpu_s']:>9.4g} patients/CPU-s  {row['per_s']:>9.4g}/s  "
    return told + (f"worst error {row['error_worst']:.1e}" if "error_worst" in row else "")


def _read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _drawn(options, path):
    """Draw the curves with the first interpreter that has matplotlib; return whether any did."""
    arguments = ["--results", options.results, "--plot", path]
    for python in dict.fromkeys((Path(sys.executable), options.peers_python)):
        if launch.draw(python, arguments):
            return True
    return False


def _options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sections", nargs="*", choices=SECTIONS, default=list(SECTIONS), help="default: all")
    add("--only", nargs="+", default=[], metavar="PART", help="measure labels that hold a PART")
    add("--rounds", type=int, default=3, help="times each runner is measured, in turn (default 3)")
    add(
        "--patients",
        nargs="+",
        type=_patients,
        default=[],
        metavar="LABEL=N",
        help="patients that a runner times, as native-float64=4096, chemistry-CasADi-vm=2 or "
        "trial-numpy=64",
    )
    add("--skip-peers", action="store_true", help="measure our own engine only")
    add(
        "--peers-python",
        type=Path,
        default=Path(sys.executable),
        metavar="PATH",
        help="interpreter that has the other packages (default: the running one)",
    )
    add(
        "--budget-s",
        type=float,
        default=120.0,
        help="leave out a scaling measurement expected to take longer [s] (default 120)",
    )
    add("--timeout-s", type=float, default=900.0, help="stop a process after [s] (default 900)")
    add("--results", type=Path, default=HERE / "results" / "engine.jsonl", help="the JSON lines")
    add("--report", type=Path, default=HERE / "RESULTS.md", help="the readable report")
    return parser.parse_args()


def _patients(text):
    label, _, number = text.rpartition("=")
    if not label or not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: LABEL=N is needed, as native-float64=4096")
    return label, int(number)


if __name__ == "__main__":
    main()
