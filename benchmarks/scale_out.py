"""10^9 patients on 1,000 cards: how long, what breaks first, what it costs, by an event simulation.

::

    python benchmarks/scale_out.py

Its numbers are what was measured on one machine (``pipelines/unit_costs.json``,
``cluster/scheduler.json``) and, where nothing was, assumptions that the page names; the speed of a
card is one of them. Writes ``cluster/SCALE_OUT.md``.
"""

import heapq
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
COSTS = HERE.parent / "pipelines" / "unit_costs.json"
SCALE_OUT = HERE / "cluster" / "SCALE_OUT.md"


@dataclass(frozen=True, kw_only=True)
class Farm:
    """A run on cards, and what limits it; rates are of one process or one card."""

    n_patients: int = 1_000_000_000
    n_cards: int = 1_000
    card_patients_s: float = 10_000.0  # assumed, no card was measured
    host_s_a_patient: float = 0.0005
    host_s_a_block: float = 1.0
    hosts_a_card: int = 1
    block_size: int = 65_536
    driver_s_a_unit: float = 0.01
    shard_bytes_a_patient: float = 324.0
    files_a_unit: int = 7  # five tables, the receipt, the folder
    table_patients_s: float = 15_700.0
    n_table_writers: int = 1
    memory_mb_a_patient: float = 0.131
    unit_spread: float = 0.1  # assumed: a unit takes up to so much more or less
    dollars_a_card_hour: float = 2.5  # assumed


def simulate_farm(farm):
    """Return when the last unit is done: cards, their host processes, one driver; event by event.

    A card computes one unit at a time; its host processes prepare and shape others meanwhile. The
    driver notes one finished unit after another and hands out the next.
    """
    n_units = math.ceil(farm.n_patients / farm.block_size)
    n_places = farm.n_cards * farm.hosts_a_card
    host_s = farm.host_s_a_block + farm.host_s_a_patient * farm.block_size
    card_s = farm.block_size / farm.card_patients_s
    driver_free = 0.0
    card_free = [0.0] * farm.n_cards
    events, waiting, busy = [], n_units, 0.0

    def hand_out(place, now):
        nonlocal driver_free, waiting
        waiting -= 1
        driver_free = max(driver_free, now) + farm.driver_s_a_unit
        # a hash of the number, not a generator: the same farm always comes to the same time
        luck = 1 + farm.unit_spread * (2 * ((waiting * 0.6180339887498949) % 1) - 1)
        heapq.heappush(events, (driver_free + luck * host_s, place, luck, False))

    for place in range(min(n_places, n_units)):
        hand_out(place, 0.0)
    ended = 0.0
    while events:
        now, place, luck, is_done = heapq.heappop(events)
        if is_done:
            ended = now
            if waiting:
                hand_out(place, now)
            continue
        card = place % farm.n_cards
        card_free[card] = max(now, card_free[card]) + luck * card_s
        busy += luck * card_s
        heapq.heappush(events, (card_free[card], place, luck, True))
    return {
        "units": n_units,
        "compute_s": ended,
        "cards_busy": busy / (ended * farm.n_cards),
        "driver_busy": n_units * farm.driver_s_a_unit / ended,
    }


def whole_run(farm):
    """Return what a run comes to, tables included."""
    found = simulate_farm(farm)
    tables = farm.n_patients / (farm.table_patients_s * farm.n_table_writers)
    n_hours = farm.n_cards * found["compute_s"] / 3600
    return {
        **found,
        "tables_s": tables,
        "files": found["units"] * farm.files_a_unit,
        "shard_gb": farm.n_patients * farm.shard_bytes_a_patient / 1e9,
        "host_gb_a_card": farm.memory_mb_a_patient * farm.block_size * farm.hosts_a_card / 1e3,
        "card_hours": n_hours,
        "dollars": n_hours * farm.dollars_a_card_hour,
    }


def check():
    """Compare the simulation with what can be said without it."""
    even = Farm(n_patients=65_536 * 3_000, unit_spread=0.0, driver_s_a_unit=0.0)
    host_s = even.host_s_a_block + even.host_s_a_patient * even.block_size
    rounds = 3 * (host_s + even.block_size / even.card_patients_s)
    driver = replace(even, driver_s_a_unit=1.0)  # so slow that it alone counts
    pairs = {
        "cards in step": (simulate_farm(even)["compute_s"], rounds),
        "a slow driver": (simulate_farm(driver)["compute_s"], 3_000 + rounds / 3),
    }
    for name, (found, expected) in pairs.items():
        if abs(found / expected - 1) > 1e-9:
            raise SystemExit(f"{name}: {found} s; {expected} s is right")


def write_scale_out():
    """Write the page of a thousand cards."""
    check()
    base = measured_farm()
    more = {"hosts_a_card": 8, "n_table_writers": 100}
    small = replace(base, block_size=base.block_size // 8)
    cases = {
        **{
            f"{rate:,} patients/s a card": replace(base, card_patients_s=float(rate))
            for rate in (1_000, 10_000, 100_000)
        },
        f"10,000; units of {small.block_size:,}": small,
        "10,000; 8 host processes a card": replace(base, hosts_a_card=8),
        "10,000; 8 host processes, 100 table writers": replace(base, **more),
        "10,000; the same, driver 10 times as quick": replace(
            base, **more, driver_s_a_unit=base.driver_s_a_unit / 10
        ),
    }
    rows = []
    for name, farm in cases.items():
        found = whole_run(farm)
        rows.append(
            f"| {name} | {found['units']:,} | {found['compute_s'] / 60:.0f} | "
            f"{100 * found['cards_busy']:.0f} % | {100 * found['driver_busy']:.0f} % | "
            f"{found['tables_s'] / 3600:.1f} | {found['files']:,} | "
            f"{found['host_gb_a_card']:.1f} | {found['card_hours']:.0f} | {found['dollars']:,.0f} |"
        )
    SCALE_OUT.write_text(
        _SCALE_TEXT.format(
            rows="\n".join(rows),
            host_ms=1000 * base.host_s_a_patient,
            block_s=base.host_s_a_block,
            unit_host_s=base.host_s_a_block + base.host_s_a_patient * base.block_size,
            rate_host=1 / base.host_s_a_patient,
            driver_ms=1000 * base.driver_s_a_unit,
            driver_source="`scheduler.json`, load 44 on 2 cores: an upper bound",
            per_s=1 / base.driver_s_a_unit,
            table_rate=base.table_patients_s,
            table_h=base.n_patients / base.table_patients_s / 3600,
            shard_gb=base.n_patients * base.shard_bytes_a_patient / 1e9,
            bytes=base.shard_bytes_a_patient,
            price=base.dollars_a_card_hour,
            kb=1000 * base.memory_mb_a_patient,
            unit_gb=base.memory_mb_a_patient * base.block_size / 1e3,
            floor_s=base.n_cards * base.driver_s_a_unit,
        )
    )


def measured_farm():
    """Return a thousand cards with the constants that were measured on this machine."""
    constants = json.loads(COSTS.read_text())["constants"]
    days = 63  # of sct-md-01, run-in included
    return Farm(
        host_s_a_patient=constants["host_seconds_a_patient_day"] * days,
        host_s_a_block=constants["seconds_a_block"],
        driver_s_a_unit=constants["driver_seconds_a_unit"],
        memory_mb_a_patient=constants["bytes_a_patient_day"] * days / 1e6,
    )


# ruff: noqa: E501 - lines of a Markdown table
_SCALE_TEXT = """\
# 10^9 patients on 1,000 cards

On paper, by an event simulation (`benchmarks/scale_out.py`). **No card was
measured**: the speed of a card is a parameter from 10^3 to 10^5 patients/s (assumed), its price
{price:g} dollars an hour (assumed). Units are those of `sct-md-01`, of 65,536 patients.

| number | value | where from |
| --- | --- | --- |
| host code of a unit | {block_s:.2f} s + {host_ms:.2f} ms a patient, one core | measured, `pipelines/unit_costs.json` |
| driver, scheduler, manifest | {driver_ms:.1f} ms of CPU a unit | {driver_source} |
| shards | {bytes:.0f} bytes a patient | measured on another trial: serotonin alone, one scale, three visits, units of 4,096 |
| files | 7 a unit, its folder included | computed |
| tables | {table_rate:,.0f} patients/s on one node | measured, 81,920 patients in 5.2 s, 2 loaded cores |
| memory | {kb:.0f} kB a patient of a unit on the host | measured, 512 to 8,192 patients a unit |
| spread of a unit's time | +- 10 % | assumed |

| patients/s a card | units | all units [min] | cards busy | driver busy | tables [h] | files | host GB a card | card hours | dollars |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

Card hours and dollars are of the time until the last unit; cards are given back before the tables
are made. Queues, start of nodes and the file system's own limits are not in it.

## Where it breaks, the first first

1. **Numbers of patients.** An arm holds at most 10^7 patients and a trial 50 arms, because a draw
   counts patients in 32 bits: 5 x 10^8 in one run, the variants of an arm being the same people.
   10^9 different people need two runs of 5 x 10^8 with two seeds, whose tables nothing joins
   today. Moves it: a wider counter in the draw.
2. **Tables on one node.** {table_h:.0f} h at the measured {table_rate:,.0f} patients/s, whatever the cards do:
   nearly all of the time. A resumed run also reads every shard once to check it. Moves it: shards that are kept as
   parts of the tables (a folder of Parquet files is a table to Polars and DuckDB), or parts
   written side by side and summaries from sums a part.
3. **Host code of a unit.** {unit_host_s:.0f} s of one core for a unit of 65,536 patients, which is {rate_host:,.0f} patients/s a
   process: a card that is faster than that waits. Moves it: several host processes a card
   (a worker a card today), then population, doses and outcomes on the card.
4. **Memory of the host.** A unit of 65,536 patients needs {unit_gb:.1f} GB beside the base of a
   process, each process of it again. Moves it: smaller units, at more files and driver time;
   daily means that are read and dropped as a segment ends.
5. **The driver.** {per_s:.0f} units/s at most, so 1,000 cards are kept busy by units of at least
   {floor_s:.0f} s. Moves it: units by shares (`--share i/n`), which have no driver.
6. **Files.** 10^5 with units of 65,536 patients; nearly 10^6 with 8,192 and 1.4 x 10^7 with 512, more
   than many shared file systems allow a user (assumed: quotas are often 10^6 files). Moves it: one file a unit.
7. **Disk bytes.** {shard_gb:.0f} GB of shards and as much of tables; of a trial of
   three visits and one scale; six visits need more. They fit a parallel file system (assumed), so
   this breaks last.
"""


if __name__ == "__main__":
    write_scale_out()
