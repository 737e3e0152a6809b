"""A run folder of made-up patients, of any size and with any number of arms: a report can be made.

Not a test. Tables are those of `made_trial`, summaries are made of them as a run makes them; the
protocol says as little as a report asks of it. No patient is simulated.
"""

import json

import numpy as np
import polars as pl
from made_trial import ENDPOINTS, WEEKS, _arm

from pipelines.tables import _MAKERS

DOSES = (10, 20, 30, 40, 60, 80, 100, 120, 150, 200, 300)
MANY_ARMS = ("placebo", *(f"drug {dose} mg" for dose in DOSES))


def protocol_of(facts, n):
    """Return the protocol of a made-up trial as plain values."""
    arms = [
        {
            "name": name,
            "patients": n,
            "control": name == facts.control,
            "regimens": []
            if name == facts.control
            else [{"drug": "drug", "dose": name.removeprefix("drug "), "every": "1 day"}],
        }
        for name in facts.arms
    ]
    return {
        "name": facts.study.lower(),
        "title": f"A made-up drug in {len(arms) - 1} doses against placebo",
        "condition": "major_depression",
        "design": "counterfactual" if facts.is_paired else "parallel",
        "duration": "8 week",
        "seed": 1,
        "arms": arms,
        "variants": [{"name": name} for name in facts.variants],
        "visits": [{"name": f"week {week:g}"} for week in WEEKS],
        "endpoints": [one.name for one in ENDPOINTS],
        "primary_endpoint": "MADRS",
        "analysis": {},
    }


def write_subjects(tables, facts, n, row_group_size=None, seed=1):
    """Write the subject-level tables, an arm in memory at a time."""
    parts = {name: [] for name in ("adsl", "adqs", "adlb", "adpc", "adae")}
    for variant in range(1, max(len(facts.variants), 1) + 1):
        for arm in range(1, len(facts.arms) + 1):
            frames = _arm(facts, arm, variant, n, seed)
            markers = frames["adlb"]
            frames["adlb"] = pl.concat([markers, _lumbar(markers, [seed, arm, variant])])
            for name, files in parts.items():
                files.append(tables / f"part-{name}-{arm:02}-{variant:02}.parquet")
                frames[name].write_parquet(files[-1])
    for name, files in parts.items():
        pl.scan_parquet(sorted(files)).sink_parquet(
            tables / f"{name}.parquet", row_group_size=row_group_size, maintain_order=True
        )
        for path in files:
            path.unlink()


def _lumbar(markers, seed):
    """Return 5-HIAA of the cerebrospinal fluid, which goes with serotonin in the brain."""
    inside = markers.filter(pl.col("PARAMCD") == "EC5HT")
    noise = pl.Series("noise", np.random.default_rng(seed).lognormal(0, 0.2, len(inside)))
    return inside.with_columns(
        PARAMCD=pl.lit("C5HIAA"),
        PARAM=pl.lit("5-HIAA in cerebrospinal fluid (nmol/L)"),
        AVAL=60 * pl.col("AVAL").sqrt() * noise,
        BASE=60 * pl.col("BASE").sqrt(),
    )


def write_summaries(tables, facts):
    """Write all tables that are made of the subject-level ones."""
    for name, make in _MAKERS.items():
        if name in facts.tables:
            make(tables, facts).lazy().collect().write_parquet(tables / f"{name}.parquet")


def write_run(root, facts, n, row_group_size=None):
    """Write a run of n patients an arm."""
    tables = root / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    write_subjects(tables, facts, n, row_group_size=row_group_size)
    write_summaries(tables, facts)
    write_papers(root, facts, n)
    return root


def write_papers(root, facts, n):
    """Write what a run folder has besides its tables."""
    settings = {
        "protocol": protocol_of(facts, n),
        "protocol_hash": "made up",
        "device": "none",
        "block_size": n,
        "trajectories": 0,
        "simulator": "made_trial:write_tables",
        "code": {},
    }
    (root / "settings.json").write_text(json.dumps(settings))
    (root / "provenance.json").write_text(json.dumps({"device": "none", "versions": {}}))
