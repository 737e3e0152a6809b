"""Reading YAML into records of any kind, beyond what protocols need."""

from typing import Annotated, Literal

import pydantic
import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, StrictInt

from cohort.errors import DrugError, FileContentError
from cohort.facts import Fact, quantity_in
from cohort.yaml_files import (
    UNREAD,
    Contradiction,
    is_read,
    nearest_hint,
    parse_yaml_model,
    read_yaml_model,
    refuse_contradictions,
)


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Leaf(Record):
    name: str = "leaf"
    size: StrictInt = Field(ge=0)


class Ordered(Record):
    low: StrictInt
    high: StrictInt

    def contradictions(self):
        if self.high < self.low:
            yield Contradiction(path=("high",), message="high is below low; it is not. Swap them.")

    _refuse = pydantic.model_validator(mode="after")(refuse_contradictions)


class Tree(Record):
    kind: Literal["oak", "elm"] = "oak"
    leaves: tuple[Leaf, ...] = ()
    by_name: dict[str, Leaf] = {}
    best: Leaf | None = None
    either: int | bool | None = None
    height: Annotated[Fact, quantity_in("m")] | None = None
    span: Ordered | None = None


def mistakes_in(text, model=Tree, **keys):
    with pytest.raises(FileContentError) as caught:
        parse_yaml_model(text, model, where="t.yaml", **keys)
    return [(one.line, one.key_path, one.message) for one in caught.value.mistakes]


def test_records_within_lists_mappings_and_options_are_read():
    tree = parse_yaml_model(
        "leaves: [{size: 1}]\nby_name: {a: {size: 2}}\nbest: {size: 3}\nspan: {low: 1, high: 2}",
        Tree,
    )
    assert (tree.leaves[0].size, tree.by_name["a"].size, tree.best.size) == (1, 2, 3)


def test_a_mistake_in_each_of_them_is_found():
    found = mistakes_in(
        "leaves:\n  - size: x\n  - {name: b, size: -1}\nby_name:\n  a: {siz: 2}\nbest: 3\n"
        "kind: ok\nspan: {low: 2, high: 1}\nheight: {value: 3 kg, mark: read, source: a book}"
    )
    assert [(line, path) for line, path, _ in found] == [
        (2, "leaves[0].size"),
        (3, "leaves.b.size"),
        (5, "by_name.a.siz"),
        (6, "best"),
        (7, "kind"),
        (8, "span.high"),
        (9, "height"),
    ]
    assert found[1][2] == "-1 was given; a number of at least 0 is wanted. Change the value."
    assert "'3 kg' is given in [kg]" in found[6][2]


def test_a_value_that_fits_no_option_is_one_mistake():
    ((line, path, message),) = mistakes_in("either: word")
    assert (line, path) == (1, "either")
    assert "a whole number or true or false is wanted" in message


def test_a_file_that_is_a_list_is_read_through_a_root_model():
    leaves = RootModel[list[Leaf]]
    assert parse_yaml_model("- size: 1\n- size: 2", leaves).root[1].size == 2
    ((line, path, message),) = mistakes_in("- size: 1\n- size: b", leaves)
    assert (line, path) == (2, "[1].size")
    assert "'b' was given; a whole number is wanted" in message
    ((_, path, message),) = mistakes_in("size: 1", leaves)
    assert (path, message.split(";")[0]) == ("", "a mapping (size) was given")


def test_a_validator_of_a_whole_record_is_heard_once_its_fields_are_good():
    class Picky(Record):
        value: Annotated[int, AfterValidator(abs)]

        @pydantic.model_validator(mode="after")
        def _check(self):
            if self.value == 7:
                raise ValueError("7 was given; any other number is allowed. Change it.")
            return self

    assert mistakes_in("value: -7", Picky) == [
        (1, "", "7 was given; any other number is allowed. Change it.")
    ]


def test_checks_see_partly_read_records_and_add_their_mistakes():
    def no_elm(tree):
        if tree.kind == "elm":
            yield Contradiction(path=("kind",), message="elm; elms died. Take an oak.")

    found = mistakes_in("kind: elm\nbest: 3", checks=[no_elm])
    assert [path for _, path, _ in found] == ["kind", "best"]
    assert len(mistakes_in("kind: el\nbest: 3", checks=[no_elm])) == 2


def test_a_contradiction_that_another_mistake_explains_is_not_reported():
    def waits(tree):
        yield Contradiction(path=("best",), message="no; yes. Do.", unless=("leaves",))

    assert [path for _, path, _ in mistakes_in("leaves: []", checks=[waits])] == ["best"]
    assert [path for _, path, _ in mistakes_in("leaves: [{size: a}]", checks=[waits])] == [
        "leaves[0].size"
    ]


def test_the_error_is_of_the_class_asked_for(tmp_path):
    path = tmp_path / "d.yaml"
    path.write_text("kind: ash", encoding="utf-8")
    with pytest.raises(DrugError, match="'ash' was given; 'oak' or 'elm' is wanted"):
        read_yaml_model(path, Tree, error=DrugError)


def test_text_that_looks_like_a_time_or_a_date_stays_text():
    class Texts(Record):
        values: list[str]

    values = parse_yaml_model("values: [08:00, 2020-01-01, yes, 'x']", Texts).values
    assert values == ["08:00", "2020-01-01", "yes", "x"]


def test_two_keys_written_twice_are_both_found():
    found = mistakes_in("kind: oak\nkind: elm\nbest: {size: 1, size: 2}")
    assert [(line, path) for line, path, _ in found] == [(2, "kind"), (3, "best.size")]


def test_an_alias_is_followed():
    tree = parse_yaml_model("leaves: [&one {size: 1}, *one]", Tree)
    assert tree.leaves[0] == tree.leaves[1]


def test_an_unread_value_behaves_like_nan():
    comparisons = [UNREAD < 1, UNREAD > 1, UNREAD == 1, UNREAD != 1, UNREAD >= 1, 1 in UNREAD]
    assert not any(comparisons)
    assert UNREAD.anything[0]() + 1 is UNREAD
    assert 2 * UNREAD % 3 is UNREAD
    assert (list(UNREAD), len(UNREAD), bool(UNREAD)) == ([], 0, False)
    assert not is_read(UNREAD)
    assert is_read(None)


def test_near_names_ignore_case():
    assert nearest_hint("madrs", ["MADRS"]) == "Did you mean 'MADRS'?"
    assert nearest_hint("x", []) == "None is known here."
