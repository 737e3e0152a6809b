import resource

import polars as pl
import pytest

from pipelines.errors import ShardError
from pipelines.schema import SUBJECT_TABLES, TABLES, polars_schema
from pipelines.shards import (
    RECEIPT,
    Receipt,
    append_to_manifest,
    check_shard,
    clean_temporary,
    is_stored,
    mend_manifest,
    read_manifest,
    write_shard,
)

EMPTY = {name: pl.DataFrame(schema=polars_schema(TABLES[name])) for name in SUBJECT_TABLES}


def write(folder, unit="ab", seconds_kernel=0.5):
    return write_shard(
        folder,
        unit,
        EMPTY,
        arm="placebo",
        first_id=1,
        started=0.0,
        simulated=0.0,
        seconds_kernel=seconds_kernel,
    )


def test_a_shard_reads_back_as_its_receipt(tmp_path):
    assert write(tmp_path) == check_shard(tmp_path, "ab")
    assert is_stored(tmp_path, "ab")
    assert [path.name for path in tmp_path.iterdir()] == ["ab"]


def test_a_changed_byte_is_found(tmp_path):
    write(tmp_path)
    path = tmp_path / "ab" / "adsl.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ShardError, match=r"adsl\.parquet does not match its checksum"):
        check_shard(tmp_path, "ab")


def test_a_missing_file_is_found(tmp_path):
    write(tmp_path)
    (tmp_path / "ab" / "adae.parquet").unlink()
    with pytest.raises(ShardError, match=r"adae\.parquet does not match"):
        check_shard(tmp_path, "ab")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"unit": "ab"}'])
def test_a_broken_receipt_is_found(tmp_path, text):
    write(tmp_path)
    (tmp_path / "ab" / RECEIPT).write_text(text)
    with pytest.raises(ShardError, match="its receipt cannot be read"):
        check_shard(tmp_path, "ab")


def test_a_receipt_of_another_shard_is_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "ab").rename(tmp_path / "cd")
    with pytest.raises(ShardError, match="receipt is of another shard"):
        check_shard(tmp_path, "cd")


def test_a_damaged_shard_makes_room_and_a_whole_one_stays(tmp_path):
    first = write(tmp_path)
    again = write(tmp_path, seconds_kernel=9.0)
    assert again == first  # what is told is what lies there
    assert check_shard(tmp_path, "ab") == first
    (tmp_path / "ab" / RECEIPT).write_text("{")
    write(tmp_path, seconds_kernel=9.0)
    assert check_shard(tmp_path, "ab").seconds_kernel == 9.0
    assert [path.name for path in tmp_path.iterdir()] == ["ab"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(ShardError, match="a folder that can be written and has room is needed"):
        write(blocked)


def test_unfinished_shards_are_removed(tmp_path):
    write(tmp_path)
    (tmp_path / ".tmp-cd-1").mkdir()
    (tmp_path / ".tmp-cd-1" / "adsl.parquet").touch()
    assert clean_temporary(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ab"]


def test_a_manifest_line_that_a_kill_cut_short_is_mended(tmp_path):
    manifest = tmp_path / "manifest.jsonl"
    first, second = write(tmp_path), write(tmp_path, "cd")
    append_to_manifest(manifest, first)
    whole = manifest.read_bytes()
    append_to_manifest(manifest, second)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert read_manifest(manifest) == [first]
    mend_manifest(manifest)
    assert manifest.read_bytes() == whole
    append_to_manifest(manifest, second)
    assert read_manifest(manifest) == [first, second]


def test_any_flipped_bit_of_a_receipt_is_found(tmp_path):
    whole = write(tmp_path).to_json().encode() + b"\n"
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        with pytest.raises((ValueError, TypeError, KeyError)):
            Receipt.from_json(content.decode())


@pytest.fixture
def small_files():
    """No file of this process may grow beyond 1 kB: what a full disk looks like to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_error_and_leaves_no_shard(tmp_path, small_files):
    with pytest.raises(ShardError, match=r"shard .*/ab: cannot be written .*has room is needed"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_cuts_a_line_of_the_manifest_short_and_mending_removes_it(
    tmp_path, small_files
):
    manifest = tmp_path / "manifest.jsonl"
    receipt = Receipt(
        unit="ab",
        arm="p",
        first_id=1,
        n_patients=1,
        n_failed=0,
        files={},
        seconds=0.5,
        worker="h:1",
    )
    written = 1024 // len(receipt.to_json() + "\n")
    for _ in range(written):
        append_to_manifest(manifest, receipt)
    with pytest.raises(ShardError, match=r"manifest\.jsonl: File too large; .*Make room"):
        append_to_manifest(manifest, receipt)
    assert manifest.stat().st_size == 1024
    assert read_manifest(manifest) == written * [receipt]
    mend_manifest(manifest)
    assert manifest.read_text() == written * (receipt.to_json() + "\n")


def test_a_damaged_line_of_the_manifest_is_left_out_and_mended(tmp_path):
    manifest = tmp_path / "manifest.jsonl"
    first, second = write(tmp_path), write(tmp_path, "cd")
    append_to_manifest(manifest, first)
    append_to_manifest(manifest, second)
    manifest.write_bytes(manifest.read_bytes().replace(b'"rows": 0', b'"rows": 1', 1))
    assert read_manifest(manifest) == [second]
    mend_manifest(manifest)
    assert manifest.read_text() == second.to_json() + "\n"
