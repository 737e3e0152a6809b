from pipelines.progress import RunProgress
from pipelines.shards import Receipt


def receipt(n_patients, n_failed=0):
    return Receipt(
        unit="ab",
        arm="placebo",
        first_id=1,
        n_patients=n_patients,
        n_failed=n_failed,
        files={},
        seconds=1.0,
        worker="h:1",
    )


def test_the_rate_is_over_patients_computed_now(capsys):
    with RunProgress(100, is_quiet=False) as progress:
        progress.report(receipt(60), True)
        assert progress.state() == "60 of 100"
        progress.started -= 10
        progress.report(receipt(20, n_failed=3), False)
        assert progress.state() == "80 of 100, 2.0/s, 10 s to go, 3 solver failures"
    assert "patients: 80 of 100" in capsys.readouterr().err


def test_the_first_unit_is_told_at_once_and_the_second_is_not(capsys):
    with RunProgress(100, is_quiet=False) as progress:
        progress.report(receipt(20), False)
        assert "patients: 20 of 100" in capsys.readouterr().err
        progress.report(receipt(20), False)
        assert capsys.readouterr().err == ""


def test_what_begins_is_said_at_once_and_as_it_is(capsys):
    with RunProgress(10, is_quiet=False) as progress:
        progress.tell("reading [bold] 'a.yaml'")
        assert capsys.readouterr().err == "reading [bold] 'a.yaml'\n"


def test_quiet_says_nothing(capsys):
    with RunProgress(10, is_quiet=True) as progress:
        progress.tell("reading")
        progress.report(receipt(10), False)
    assert capsys.readouterr().err == ""
