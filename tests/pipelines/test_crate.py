"""The RO-Crate of a run: the rules of the specification and of the profile, and another's reader.

The rules are those marked MUST in RO-Crate 1.2 and Process Run Crate 0.5 that apply to a run folder
(read: https://w3id.org/ro/crate/1.2, https://w3id.org/ro/wfrun/process/0.5).
"""

import hashlib
import json
import re
import shutil
import socket
from urllib.parse import unquote

import pytest
from rocrate.rocrate import ROCrate

from cohort.trial import Protocol, trial_event_names
from pipelines.crate import CRATE, crate_of
from pipelines.definitions import read_definitions
from pipelines.origin import source_commit
from pipelines.plan import trial_facts
from pipelines.provenance import library_versions
from pipelines.run_folder import read_settings
from pipelines.verify_files import check_files

# ISO 8601 with an offset, as xsd:dateTime wants it
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@pytest.fixture(scope="module")
def crate(finished):
    return json.loads((finished.folder.root / CRATE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def entities(crate):
    return {entity["@id"]: entity for entity in crate["@graph"]}


def types(entity):
    found = entity["@type"]
    return found if isinstance(found, list) else [found]


def references(value):
    if isinstance(value, dict) and set(value) == {"@id"}:
        yield value["@id"]
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_crate_keeps_the_rules_of_the_specification(crate, entities, finished):
    assert len(entities) == len(crate["@graph"])
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.2/context"
    descriptor, root = entities[CRATE], entities["./"]
    assert types(descriptor) == ["CreativeWork"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert "Dataset" in types(root)
    assert all(root[name] for name in ("name", "description", "license"))
    assert TIME.fullmatch(root["datePublished"])
    parts = {one["@id"] for one in root["hasPart"]}
    data = {name for name, one in entities.items() if {"File", "Dataset"} & set(types(one))} - {
        "./"
    }
    assert data == parts
    for name in parts:
        path = finished.folder.root / unquote(name)
        assert path.is_dir() if name.endswith("/") else path.is_file()
    for entity in crate["@graph"]:
        assert entity["name"], entity["@id"]
        assert entity["description"], entity["@id"]
        for key, value in entity.items():
            assert not isinstance(value, dict) or set(value) == {"@id"}, (entity["@id"], key)


def test_everything_that_is_referred_to_is_described(crate, entities):
    named = {
        name
        for entity in crate["@graph"]
        for value in entity.values()
        for name in references(value)
    }
    assert named - set(entities) == {"https://w3id.org/ro/crate/1.2"}
    assert set(entities) - named == {CRATE}


def test_the_run_keeps_the_rules_of_the_process_run_profile(entities, finished):
    root, action = entities["./"], entities["#run"]
    (profile,) = (one["@id"] for one in root["conformsTo"])
    assert re.match(r"https://w3id\.org/ro/wfrun/process/", profile)
    assert "Profile" in types(entities[profile])
    assert {"@id": "#run"} in root["mentions"]
    assert types(action) == ["CreateAction"]
    assert types(entities[action["instrument"]["@id"]]) == ["SoftwareApplication"]
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert TIME.fullmatch(action["startTime"])
    assert TIME.fullmatch(action["endTime"])
    used = [entities[one["@id"]] for one in action["object"]]
    made = [entities[one["@id"]] for one in action["result"]]
    assert {kind for one in used for kind in types(one)} == {"File", "PropertyValue"}
    assert {kind for one in made for kind in types(one)} == {"File"}
    assert {"protocol.yaml", "protocol.resolved.json", "settings.json"} <= {
        one["@id"] for one in used
    }
    tables = {path.name for path in finished.folder.tables.iterdir()}
    assert {one["@id"] for one in made} == {f"tables/{name}" for name in tables}


def test_files_have_their_checksum_size_and_media_type(entities, finished):
    for name, entity in entities.items():
        if types(entity) != ["File"] or name in ("provenance.json", "manifest.jsonl"):
            continue
        content = (finished.folder.root / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest(), name
        assert entity["contentSize"] == str(len(content)), name
        assert "/" in entity["encodingFormat"]
    assert entities["tables/adsl.parquet"]["encodingFormat"] == "application/vnd.apache.parquet"


def test_software_versions_and_commit_are_told_and_no_person_or_machine(crate, entities, finished):
    versions = library_versions()
    assert entities["#neurocohort"]["softwareVersion"] == versions["neurocohort"]
    assert entities["#software-polars"]["softwareVersion"] == versions["polars"]
    assert entities["#commit"]["value"] == source_commit()
    assert "Simulated data" in entities["./"]["description"]
    text = json.dumps(crate)
    assert "Person" not in {kind for one in crate["@graph"] for kind in types(one)}
    for secret in (str(finished.folder.root), socket.gethostname()):
        assert secret not in text


def test_another_s_reader_finds_the_same_crate(crate, entities, finished, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder.root, copy)
    read = ROCrate(copy)
    assert read.root_dataset["name"] == entities["./"]["name"]
    (action,) = read.get_by_type("CreateAction")
    assert {one.id for one in action["result"]} == {
        one["@id"] for one in entities["#run"]["result"]
    }
    assert {one.id for one in read.data_entities} == {
        one["@id"] for one in entities["./"]["hasPart"]
    }


def schema_of(finished):
    protocol = Protocol.model_validate(read_settings(finished.folder).protocol)
    definitions = read_definitions(protocol.endpoints, trial_event_names(protocol))
    return trial_facts(protocol, definitions).tables


def test_the_crate_is_sealed_and_times_apart_determined(finished, tmp_path):
    crate = json.loads((finished.folder.root / CRATE).read_text(encoding="utf-8"))
    findings, is_sealed = check_files(finished.folder)
    assert is_sealed
    assert {one.path: one.state for one in findings}[CRATE] == "ok"
    copy = tmp_path / "copy"
    shutil.copytree(finished.folder.root, copy)
    (copy / CRATE).write_text((copy / CRATE).read_text().replace("Simulated", "Observed"))
    changed, _ = check_files(type(finished.folder)(copy))
    assert {one.path for one in changed if one.is_fault} == {CRATE}

    settings = read_settings(finished.folder)
    again = crate_of(
        finished.folder.root,
        settings,
        finished.tables,
        schema_of(finished),
        times=("2026-01-01T00:00:00+0000", "2026-01-01T00:00:01-0130"),
    )
    ends = {one["@id"]: one for one in again["@graph"]}["#run"]
    assert (ends["startTime"], ends["endTime"]) == (
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:01-01:30",
    )
    for one in (again, crate):
        for entity in one["@graph"]:
            for key in ("startTime", "endTime", "datePublished"):
                entity.pop(key, None)
    assert again == crate
