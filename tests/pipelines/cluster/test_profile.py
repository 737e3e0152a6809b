"""Cluster profiles: what is read, and what is refused with all mistakes at once."""

import pytest

from pipelines.cluster.profile import KINDS, ProfileError, example_profile, parse_profile

LEAST = "kind: slurm\nmemory: 4 GB\nwalltime: 1 h\n"


def refused(text):
    with pytest.raises(ProfileError) as caught:
        parse_profile(text, where="p.yaml")
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_every_batch_system_is_a_profile(kind):
    assert parse_profile(example_profile(kind)).kind == kind


@pytest.mark.parametrize(
    ("written", "n_bytes"),
    [("4 GB", 4 * 10**9), ("4GiB", 4 * 2**30), ("512 MiB", 2**29), ("1.5 TB", 1.5e12)],
)
def test_memory_is_read_with_its_unit(written, n_bytes):
    assert parse_profile(LEAST.replace("4 GB", written)).memory == n_bytes


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("04:00:00", 14_400), ("1-00:00:30", 86_430), ("90 min", 5400), ("2 d", 172_800), ("7s", 7)],
)
def test_walltime_is_read_with_its_unit(written, seconds):
    assert parse_profile(LEAST.replace("1 h", written)).walltime == seconds


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("queue: 'main; rm -rf /'", "p.yaml:4, queue: 'main; rm -rf /' was given"),
        ('queue: "main\\n#SBATCH --uid=0"', "p.yaml:4, queue:"),
        ("account: $(id)", "p.yaml:4, account: '$(id)' was given"),
        ("interface: -x", "p.yaml:4, interface: '-x' was given"),
        ("workers: 0", "a number of at least 1 is wanted"),
        ("workers: 2.5", "p.yaml:4, workers:"),
        ("cores: yes", "p.yaml:4, cores:"),
        ("cores: 40", "for 40 worker processes; at least 256 MiB each"),
        ("gpus: 2", "p.yaml:4, gpus:"),
        ("port: 70000", "p.yaml:4, port:"),
        ("scratch: tmp", "'tmp' is relative"),
        ('directives: ["--x\\n#SBATCH --uid=0"]', "is no line of text"),
        ('prologue: ["a\\nb"]', "is no line of text"),
        ('launcher: [""]', "is no line of text"),
        ("prologue: ['export HF_TOKEN=abc']", "holds a secret in the clear"),
        ("prologue: ['DB_PASSWORD=x ./run']", "holds a secret in the clear"),
        ("prologue: ['curl -H \"Authorization: Bearer ab12\" x']", "p.yaml:4, prologue"),
        ("prologue: ['git clone https://me:pw@host/x']", "holds a secret in the clear"),
        ("launcher: [env, API_KEY=abc]", "holds a secret in the clear"),
        ("directives: ['--export=ALL,MY_TOKEN=abc']", "holds a secret in the clear"),
        ("files: 0", "p.yaml:4, files:"),
        ("driver: {walltime: 10 min, notice: 10 min}", "notice: 600 s, of a walltime of 600 s"),
        ("driver: {notice: 2 h}", "notice: 7200 s, of a walltime of 3600 s"),
        ("driver: {resubmissions: -1}", "p.yaml:4, driver.resubmissions"),
        ("tls: yes", "'auto' or 'off' is wanted"),
        ("tls: {ca: /a.pem}", "the key 'cert' is missing"),
        ("adaptive: {min: 3, max: 2}", "3 jobs at least, 2 at most"),
        ("adaptive: {max: 2}\nworkers: 2", "one of the two is allowed"),
        ("no_workers_timeout: 60", "60 has no unit"),
        ("partition: main", "unknown key 'partition'"),
        ("python: !!python/name:os.system x", "Delete the tag"),
    ],
)
def test_a_mistake_names_its_line_and_what_to_do(line, message):
    assert any(message in mistake for mistake in refused(LEAST + line))


def test_all_mistakes_come_at_once():
    text = "kind: slrum\nmemory: 8\nwalltime: 00:61:00\ncores: two\n"
    mistakes = refused(text)
    assert [mistake.split(":")[1] for mistake in mistakes] == [
        "1, kind",
        "2, memory",
        "3, walltime",
        "4, cores",
    ]
    assert "Did you mean 'slurm'" in mistakes[0]


def test_a_secret_that_is_read_from_a_file_is_allowed():
    line = "prologue: ['export HF_TOKEN=$(cat ~/.token)', 'source ~/.secrets']"
    assert len(parse_profile(LEAST + line).prologue) == 2


def test_numbers_of_workers_follow_jobs_cores_and_cards():
    assert parse_profile(LEAST + "workers: 3\ncores: 4").most_workers == 12
    assert parse_profile(LEAST + "workers: 3\ncores: 4\ngpus: 1").most_workers == 3
    adaptive = parse_profile(LEAST + "adaptive: {min: 1, max: 5}\ncores: 2")
    assert (adaptive.fewest_jobs, adaptive.most_jobs, adaptive.most_workers) == (1, 5, 10)


@pytest.mark.parametrize(
    "line",
    [
        "export HF_TOKEN=$(cat ~/token)",
        'curl -H "Authorization: Bearer $HF_TOKEN" x',
        "git clone https://me:$PW@host/x",
        "source ~/.secrets",
        "export HTTPS_PROXY=http://proxy:3128",
    ],
)
def test_a_secret_that_is_read_elsewhere_is_none_in_the_clear(line):
    assert parse_profile(f"{LEAST}prologue:\n- '{line}'").prologue == (line,)


@pytest.mark.parametrize(
    ("driver", "walltime", "notice"),
    [
        ("{}", 3600, 300),
        ("{walltime: 24 h}", 86_400, 300),
        ("{walltime: 95 s}", 95, 10),
        ("{walltime: 24 h, notice: 1 h}", 86_400, 3600),
    ],
)
def test_a_driver_closes_a_while_before_its_walltime(driver, walltime, notice):
    profile = parse_profile(f"{LEAST}driver: {driver}")
    assert (profile.driver_walltime, profile.driver_notice) == (walltime, notice)
