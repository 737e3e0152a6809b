"""The packaged trial with the real simulation: its bytes do not depend on the conduct either."""

import pytest

from pipelines.plan import override
from pipelines.run_trial import run_trial
from pipelines.validate_tables import validate_tables

N_PATIENTS = 6


@pytest.mark.slow
def test_two_worker_counts_and_two_block_sizes_give_the_same_bytes(
    protocol, make_request, tmp_path
):
    small = override(protocol, patients_per_arm=N_PATIENTS)
    found = []
    for n_workers, block_size in ((1, 6), (2, 4)):
        result = run_trial(
            make_request(
                tmp_path / f"{n_workers}",
                protocol=small,
                simulator="cohort.simulate:simulate",
                n_workers=n_workers,
                block_size=block_size,
            )
        )
        assert validate_tables(result.folder.tables) == ()
        found.append([path.read_bytes() for path in sorted(result.folder.tables.iterdir())])
    assert found[0] == found[1]
