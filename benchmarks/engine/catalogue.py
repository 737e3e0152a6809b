"""Every way in which the problems are solved here: which script, which variant, what it needs."""

from dataclasses import dataclass, replace

from engine.environment import cuda_refusal

OWN_SCRIPT = "run_neurocohort.py"
METHODS = ("rodas5p", "rodas4")
PRECISIONS = {  # by kind of device
    "cuda": ("float64", "float32", "mixed"),
    "native": ("float64", "float32", "mixed"),
    "numpy": ("float64",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One way to solve the problem.

    Parameters
    ----------
    label
        Its name in tables and in ``--patients LABEL=N``.
    script, variant
        The runner and what it is told.
    patients
        How many are timed on one core in a few seconds.
    modules, programs, r_packages
        What must be there.
    device
        For our own engine, the device it runs on; "cpu" or "cuda:0" for others.
    threads
        Numbers of threads it is measured at.
    is_ours
        Whether it is our own engine.
    is_slow
        Whether it is measured in the first round only.
    refusal
        Why it cannot solve the problem at all; empty if it can.
    """

    label: str
    script: str
    variant: str = ""
    patients: int
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    r_packages: tuple[str, ...] = ()
    device: str = "cpu"
    threads: tuple[int, ...] = (1,)
    is_ours: bool = False
    is_slow: bool = False
    refusal: str = ""

    def needs_cuda(self):
        """Return whether it runs on a GPU."""
        return self.device.startswith("cuda")


PATIENTS = {"cuda": 100_000, "native": 2048, "numpy": 1024}
"""By kind of device; NumPy needs some thousand lanes to be worth its overhead."""


def ours(device, precision, method="rodas5p", threads=(1,)):
    """Return the entry of our own engine on a device."""
    kind = device.partition(":")[0]
    suffix = "" if method == "rodas5p" else f"-{method}"
    return Entry(
        label=f"{kind}-{precision}{suffix}",
        script=OWN_SCRIPT,
        variant=f"{device}/{precision}/{method}",
        patients=PATIENTS[kind],
        device=device,
        threads=threads,
        is_ours=True,
    )


def all_ours():
    """Return our engine on all devices in all precisions, native float64 also on two cores."""
    entries = []
    for device in ("cuda:0", "native", "numpy"):
        for precision in PRECISIONS[device.partition(":")[0]]:
            threads = (1, 2) if (device, precision) == ("native", "float64") else (1,)
            entries.append(ours(device, precision, threads=threads))
    return entries


def _peer(label, script, patients, *modules, variant="", **more):
    return Entry(
        label=label,
        script=f"run_{script}.py",
        variant=variant,
        patients=patients,
        modules=modules,
        **more,
    )


def _in_r(label, script, package, variant=""):
    needs = {"programs": ("Rscript", "R"), "r_packages": (package,)}
    return _peer(label, script, 48, variant=variant, **needs)


SCIPY = ("scipy", "numba", "sympy")
ROADRUNNER = ("roadrunner", "antimony")
DIFFRAX_BATCH = {"cpu": 8, "cuda:0": 4096}

PEERS = (
    _peer("pydiffsol-dense", "pydiffsol", 48, "pydiffsol", variant="dense"),
    _peer("pydiffsol-sparse", "pydiffsol", 48, "pydiffsol", variant="sparse"),
    _in_r("deSolve-radau", "desolve", "deSolve", "radau"),
    _in_r("deSolve-bdf", "desolve", "deSolve", "bdf"),
    _in_r("deSolve-lsoda", "desolve", "deSolve", "lsoda"),
    _in_r("mrgsolve", "mrgsolve", "mrgsolve"),
    _peer("libRoadRunner-calls", "roadrunner", 48, *ROADRUNNER, variant="calls"),
    _peer("libRoadRunner-events", "roadrunner", 32, *ROADRUNNER, variant="events"),
    _peer("numbalsoda", "numbalsoda", 48, "numbalsoda", "numba", threads=(1, 2)),
    _peer("AMICI-KLU", "amici", 48, "amici", "antimony", threads=(1, 2)),
    _peer("CasADi-jit", "casadi", 32, "casadi", variant="jit"),
    _peer("CasADi-vm", "casadi", 32, "casadi", variant="vm"),
    _peer("SciPy-LSODA", "scipy", 16, *SCIPY, variant="LSODA"),
    _peer("SciPy-BDF", "scipy", 4, *SCIPY, variant="BDF"),
    _peer("SciPy-Radau", "scipy", 4, *SCIPY, variant="Radau"),
    _peer("diffrax", "diffrax", 8, "diffrax", "jax", variant=str(DIFFRAX_BATCH["cpu"])),
    _peer(
        "diffrax-cuda",
        "diffrax",
        DIFFRAX_BATCH["cuda:0"],
        "diffrax",
        "jax",
        variant=str(DIFFRAX_BATCH["cuda:0"]),
        device="cuda:0",
    ),
    _peer("cubie-cuda", "cubie", 10_000, "cubie", device="cuda:0"),
    _peer(
        "nvqsp-cuda",
        "nvqsp",
        0,
        "nvqsp",
        device="cuda:0",
        refusal="its README: polynomial right-hand sides only, no Michaelis-Menten kinetics",
    ),
)
"""Other packages. Patients are chosen so that one round of each takes some seconds."""

WORK_PRECISION_PEERS = (
    "pydiffsol-dense",
    "pydiffsol-sparse",
    "deSolve-radau",
    "deSolve-bdf",
    "mrgsolve",
    "libRoadRunner-calls",
    "numbalsoda",
    "AMICI-KLU",
    "CasADi-jit",
)
"""Peers worth a curve: the others are slower by an order of magnitude at every error."""

CHEMISTRY_PATIENTS = {"cuda": 20_000, "native": 512, "numpy": 256}


def chemistry_ours():
    """Return our engine on all devices in all precisions, for the whole chemistry on one core."""
    entries = []
    for entry in all_ours():
        kind = entry.device.partition(":")[0]
        entries.append(
            replace(
                entry,
                script="run_chemistry.py",
                patients=CHEMISTRY_PATIENTS[kind],
                threads=(1,),
                is_slow=kind == "numpy",
            )
        )
    return entries


def chemistry_tight(own_devices):
    """Return the entry that computes the tight solution, on the first device that is there."""
    there = [name for name in ("native", "cuda:0") if own_devices.get(name, "") is None]
    device = there[0] if there else "numpy"
    return replace(
        ours(device, "float64"), label="tight", script="run_chemistry_tight.py", patients=16
    )


REFEREE = _peer("referee", "chemistry_referee", 2, "scipy", "cohort")
"""SciPy's Radau, which judges the tight solution of the whole chemistry."""

PYDIFFSOL, CASADI = ("pydiffsol", "cohort"), ("casadi", "cohort")
CHEMISTRY_PEERS = (
    _peer("pydiffsol-sparse", "chemistry_pydiffsol", 8, *PYDIFFSOL, variant="sparse"),
    _peer("pydiffsol-dense", "chemistry_pydiffsol", 8, *PYDIFFSOL, variant="dense"),
    _peer("pydiffsol-klu", "chemistry_pydiffsol", 8, *PYDIFFSOL, variant="klu"),
    _peer("CasADi-jit", "chemistry_casadi", 8, *CASADI, variant="jit"),
    _peer("CasADi-vm", "chemistry_casadi", 4, *CASADI, variant="vm"),
    _peer("SciPy-LSODA", "chemistry_scipy", 4, *SCIPY, "cohort", variant="LSODA", is_slow=True),
    _peer("SciPy-Radau", "chemistry_scipy", 2, *SCIPY, "cohort", variant="Radau", is_slow=True),
)
"""Other packages on the whole chemistry: those that are given it through one text. The module
``cohort`` is this package, installed beside them."""


def missing(entry, present, own_devices):
    """Return status and reason if an entry cannot be run here, else None.

    ``present`` is the set of modules, programs and R packages that are there; ``own_devices`` maps
    our device names to None, or to why they are not available.
    """
    if entry.refusal:
        return "cannot", entry.refusal
    if entry.is_ours:
        reason = own_devices.get(entry.device, "this version has no such device")
        return ("not available", reason) if reason else None
    if entry.needs_cuda() and cuda_refusal():
        return "skipped", cuda_refusal()
    absent = [n for n in (*entry.modules, *entry.programs, *entry.r_packages) if n not in present]
    return ("not installed", "no " + ", ".join(absent)) if absent else None
