import json

import odmlib.schema_manager
import pytest
from lxml import etree

from pipelines.exchange.contents import read_contents, with_mark
from pipelines.exchange.transport import fits_names
from pipelines.schema import CODELISTS

NAMES = {
    "odm": "http://www.cdisc.org/ns/odm/v1.3",
    "def": "http://www.cdisc.org/ns/def/v2.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
DEF = f"{{{NAMES['def']}}}"
# attribute that refers, element that it refers to, attribute that is referred to
REFERENCES = [
    ("ItemOID", "odm:ItemDef", "OID"),
    ("MethodOID", "odm:MethodDef", "OID"),
    ("CodeListOID", "odm:CodeList", "OID"),
    (f"{DEF}CommentOID", "def:CommentDef", "OID"),
    (f"{DEF}ItemOID", "odm:ItemDef", "OID"),
    (f"{DEF}StandardOID", "def:Standard", "OID"),
    (f"{DEF}ArchiveLocationID", "def:leaf", "ID"),
    ("ValueListOID", "def:ValueListDef", "OID"),
    ("WhereClauseOID", "def:WhereClauseDef", "OID"),
]


@pytest.fixture(scope="module")
def xml_schema():
    """The XML schema that CDISC publishes, as a package ships it."""
    return etree.XMLSchema(etree.parse(odmlib.schema_manager.get_schema_path("define", "2.1")))


@pytest.fixture(scope="module", params=["xpt", "xpt8", "dataset-json", "dataset-ndjson"])
def define(request, in_form):
    return in_form(request.param), etree.parse(in_form(request.param) / "define.xml")


def test_it_is_valid_by_the_xml_schema(define, xml_schema):
    _, document = define
    assert xml_schema.validate(document), xml_schema.error_log
    broken = etree.fromstring(etree.tostring(document))
    broken.find(".//odm:ItemDef", NAMES).attrib.pop("DataType")
    assert not xml_schema.validate(broken)


def test_every_reference_is_defined_once_and_every_definition_is_referred_to(define):
    _, document = define
    for attribute, element, key in REFERENCES:
        referred = {one.get(attribute) for one in document.iter() if one.get(attribute)}
        defined = [one.get(key) for one in document.iterfind(f".//{element}", NAMES)]
        assert len(set(defined)) == len(defined), attribute
        assert referred <= set(defined), attribute
        if element not in {"odm:ItemDef", "odm:MethodDef"}:
            continue
        used = {one.get("ItemOID") or one.get("MethodOID") for one in document.iter()}
        used |= {one.get("MethodOID") for one in document.iter()}
        assert set(defined) <= used, attribute


def test_it_describes_the_files_beside_it_column_by_column(define, run_root):
    folder, document = define
    tables = [one.table for one in read_contents(run_root).tables.values()]
    groups = document.findall(".//odm:ItemGroupDef", NAMES)
    fitting = [table for table in tables if fits_names(table, 5)]
    assert [group.find("odm:Description/odm:TranslatedText", NAMES).text for group in groups] == [
        table.label for table in fitting
    ]
    for group, table in zip(groups, fitting, strict=True):
        leaf = group.find("def:leaf", NAMES).get(f"{{{NAMES['xlink']}}}href")
        assert (folder / leaf).is_file()
        items = [one.get("ItemOID").split(".")[-1] for one in group.findall("odm:ItemRef", NAMES)]
        assert items == [column.name for column in with_mark(table).columns]
        if leaf.endswith(".json"):
            found = json.loads((folder / leaf).read_text())
            assert found["itemGroupOID"] == group.get("OID")
            assert [one["itemOID"] for one in found["columns"]] == [
                one.get("ItemOID") for one in group.findall("odm:ItemRef", NAMES)
            ]


def test_parameters_are_those_of_the_data(define, read_table):
    _, document = define
    for table, name in (("adqs", "ADQS"), ("adlb", "ADLB")):
        codes = sorted(read_table(table)["PARAMCD"].unique())
        (terms,) = document.findall(f".//odm:CodeList[@OID='CL.{name}.PARAMCD']", NAMES)
        assert [
            term.get("CodedValue") for term in terms.findall("odm:CodeListItem", NAMES)
        ] == codes
        (values,) = document.findall(f".//def:ValueListDef[@OID='VL.{name}.AVAL']", NAMES)
        assert len(values) == len(codes)
    assert "nmol/L" in etree.tostring(document, encoding="unicode")


def test_controlled_terms_are_those_of_the_schema(define):
    _, document = define
    codelist = document.find(".//odm:CodeList[@OID='CL.NY.Y']", NAMES)
    assert [item.get("CodedValue") for item in codelist.findall("odm:CodeListItem", NAMES)] == ["Y"]
    assert codelist.find("odm:Alias", NAMES).get("Name") == CODELISTS["NY"].nci
    text = etree.tostring(document, encoding="unicode")
    assert "Simulated data: virtual patients, no person took part" in text
