"""One card a worker: numbers of real Dask workers, and what happens without a card."""

import dask
import pytest
from distributed import Client, LocalCluster

from pipelines.cards import card_of, n_cards, worker_number
from pipelines.errors import InputError


def test_workers_of_a_cluster_have_numbers_of_their_own():
    with (
        dask.config.set({"distributed.admin.tick.limit": "1h"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):
        found = client.run(worker_number)
        tasks = [client.submit(worker_number, workers=[address], pure=False) for address in found]
        numbers = client.gather(tasks)
    assert sorted(numbers) == [0, 1]
    assert {card_of("cuda", number, 2) for number in numbers} == {"cuda:0", "cuda:1"}


def test_every_card_of_none_is_refused():
    with pytest.raises(InputError, match="none is there"):
        card_of("cuda", 0, 0)


@pytest.mark.skipif(n_cards() > 0, reason="there is a card")
def test_without_a_card_the_command_says_why(protocol, tmp_path):
    from pipelines.provenance import choose_device

    with pytest.raises(InputError, match="'cuda:0' was asked for and is not there"):
        choose_device("cuda", protocol)
