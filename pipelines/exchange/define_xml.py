"""Define-XML 2.1: what the datasets of a run are, for programs that review submissions.

Describes the tables whose names fit a transport file: datasets, columns with length, origin,
method or comment, controlled terms, and for values by parameter the parameters that are in the
data. Everything comes from `pipelines.schema` and the run; nothing is typed in here.

References
----------
CDISC, "Define-XML Specification Version 2.1" and its XML schema over ODM 1.3.2 [read].
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.exchange.contents import NOTICE, RunContents, RunTable, TextFacts, with_mark
from pipelines.exchange.dataset_json import METADATA_VERSION, item_oid
from pipelines.exchange.transport import fits_names
from pipelines.schema import CODELISTS, Codelist
from pipelines.schema.columns import Column
from pipelines.schema.transport_names import transport_name

__all__ = ["DEFINE", "described", "write_define"]

DEFINE = "define.xml"
"""Name of the file."""

_ODM = "http://www.cdisc.org/ns/odm/v1.3"
_DEF = "http://www.cdisc.org/ns/def/v2.1"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_TYPES: Mapping[str, str] = {
    "text": "text",
    "integer": "integer",
    "number": "float",
    "date": "date",
}
_STANDARD = "STD.ADaMIG"
_STANDARD_VERSION = "1.3"  # [design] the guide whose names the columns follow
# 17 significant digits restore a float64 (IEEE 754); at most 16 of them stand behind the point
_N_DIGITS, _N_DECIMALS = 17, 16
_N_INTEGER_DIGITS = 8
_PARAMETER = "PARAMCD"
_BY_PARAMETER = "AVAL"


def described(contents: RunContents) -> tuple[RunTable, ...]:
    """Return the tables of a run that are described: those whose names have at most 8 characters.

    Parameters
    ----------
    contents
        The run.

    Examples
    --------
    >>> described.__name__  # run by tests/pipelines/exchange/test_define_xml.py
    'described'
    """
    return tuple(one for one in contents.tables.values() if fits_names(one.table, 5))


@dataclass(slots=True)
class _Lists:
    """What stands behind the datasets: each list in the order of the XML schema."""

    value_lists: list[ET.Element] = field(default_factory=list)
    where_clauses: list[ET.Element] = field(default_factory=list)
    groups: list[ET.Element] = field(default_factory=list)
    items: list[ET.Element] = field(default_factory=list)
    codelists: dict[str, ET.Element] = field(default_factory=dict)
    methods: list[ET.Element] = field(default_factory=list)
    comments: list[ET.Element] = field(default_factory=list)


def write_define(contents: RunContents, path: Path, *, ending: str) -> None:
    """Write the description of a run's datasets.

    Parameters
    ----------
    contents
        The run.
    path
        The file.
    ending
        Of the files that hold the datasets, beside it: ``xpt``, ``json`` or ``ndjson``.

    Examples
    --------
    >>> write_define.__name__  # run by tests/pipelines/exchange/test_define_xml.py
    'write_define'
    """
    for prefix, uri in (("", _ODM), ("def", _DEF), ("xlink", _XLINK)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(
        _odm("ODM"),
        {
            "ODMVersion": "1.3.2",
            "FileType": "Snapshot",
            "FileOID": f"{contents.study}.DEFINE",
            "CreationDateTime": contents.made,
            "AsOfDateTime": contents.made,
            "Originator": NOTICE,
            "SourceSystem": "neurocohort",
            "SourceSystemVersion": contents.version,
            _def("Context"): "Other",
        },
    )
    study = ET.SubElement(root, _odm("Study"), {"OID": contents.study})
    variables = ET.SubElement(study, _odm("GlobalVariables"))
    missing = (
        f" Without {contents.n_missing} patients whose units failed." if contents.n_missing else ""
    )
    for tag, text in (
        ("StudyName", contents.study),
        ("StudyDescription", f"{NOTICE}. {contents.title.rstrip('.')}.{missing}"),
        ("ProtocolName", contents.study),
    ):
        ET.SubElement(variables, _odm(tag)).text = text
    version = ET.SubElement(
        study,
        _odm("MetaDataVersion"),
        {
            "OID": METADATA_VERSION,
            "Name": f"{contents.study}, simulated",
            "Description": NOTICE,
            _def("DefineVersion"): "2.1.0",
        },
    )
    standards = ET.SubElement(version, _def("Standards"))
    ET.SubElement(
        standards,
        _def("Standard"),
        {
            "OID": _STANDARD,
            "Name": "ADaMIG",
            "Type": "IG",
            "Version": _STANDARD_VERSION,
            "Status": "Final",
        },
    )
    lists = _Lists()
    for source in described(contents):
        _dataset(source, lists, ending)
    for elements in (
        lists.value_lists,
        lists.where_clauses,
        lists.groups,
        lists.items,
        lists.codelists.values(),
        lists.methods,
        lists.comments,
    ):
        version.extend(elements)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _odm(tag: str) -> str:
    return f"{{{_ODM}}}{tag}"


def _def(tag: str) -> str:
    return f"{{{_DEF}}}{tag}"


def _described(parent: ET.Element, text: str, tag: str = "Description") -> None:
    inner = ET.SubElement(ET.SubElement(parent, _odm(tag)), _odm("TranslatedText"))
    inner.set(f"{{{_XML}}}lang", "en")
    inner.text = text


def _dataset(source: RunTable, lists: _Lists, ending: str) -> None:
    table, name = source.table, transport_name(source.table.name)
    attributes = {
        "OID": f"IG.{name}",
        "Name": name,
        "Repeating": "No" if table.structure == "SUBJECT LEVEL ANALYSIS DATASET" else "Yes",
        "IsReferenceData": "No",
        "SASDatasetName": name,
        "Purpose": "Analysis",
        _def("Structure"): table.meaning,
        _def("ArchiveLocationID"): f"LF.{name}",
        **({_def("StandardOID"): _STANDARD} if table.structure else {_def("IsNonStandard"): "Yes"}),
        **({} if source.n_rows else {_def("HasNoData"): "Yes"}),
    }
    group = ET.Element(_odm("ItemGroupDef"), attributes)
    _described(group, table.label)
    texts = source.text_facts()
    parameters = _parameters(source)
    for number, column in enumerate(with_mark(table).columns, start=1):
        group.append(_item_reference(source, column, number))
        lists.items.append(_item(source, column, texts, lists, parameters))
        _explain(source, column, lists)
    ET.SubElement(group, _def("Class"), {"Name": table.structure or "ADAM OTHER"})
    leaf = ET.SubElement(
        group,
        _def("leaf"),
        {"ID": f"LF.{name}", f"{{{_XLINK}}}href": f"{name.lower()}.{ending}"},
    )
    ET.SubElement(leaf, _def("title")).text = f"{name.lower()}.{ending}"
    lists.groups.append(group)
    _values_by_parameter(source, parameters, lists)


def _is_derived(column: Column) -> bool:
    return column.origin == "Derived"


def _item_reference(source: RunTable, column: Column, number: int) -> ET.Element:
    oid = item_oid(source.table.name, column.name)
    attributes = {
        "ItemOID": oid,
        "OrderNumber": str(number),
        "Mandatory": "No" if column.nullable else "Yes",
    }
    if column.name in source.table.key:
        attributes["KeySequence"] = str(source.table.key.index(column.name) + 1)
    if _is_derived(column):
        attributes["MethodOID"] = f"MT.{oid[3:]}"
    if source.table.structure and not column.cdisc:
        attributes[_def("IsNonStandard")] = "Yes"
    return ET.Element(_odm("ItemRef"), attributes)


def _item(
    source: RunTable,
    column: Column,
    texts: Mapping[str, TextFacts],
    lists: _Lists,
    parameters: pl.DataFrame,
) -> ET.Element:
    oid = item_oid(source.table.name, column.name)
    attributes = {
        "OID": oid,
        "Name": column.name,
        "SASFieldName": column.name,
        "DataType": _TYPES[column.kind],
        **_length(column, texts),
        **({} if _is_derived(column) else {_def("CommentOID"): f"COM.{oid[3:]}"}),
    }
    item = ET.Element(_odm("ItemDef"), attributes)
    _described(item, column.label)
    codelist = (
        _parameter_codelist(source, parameters, lists)
        if column.name == _PARAMETER
        else _codelist(source, column, lists)
    )
    if codelist:
        ET.SubElement(item, _odm("CodeListRef"), {"CodeListOID": codelist})
    origin = ET.SubElement(item, _def("Origin"), {"Type": column.origin})
    if column.origin in {"Assigned", "Derived"}:
        origin.set("Source", "Sponsor")
    elif column.origin == "Predecessor":
        _described(origin, column.derivation or column.meaning)
    if column.name == _BY_PARAMETER and len(parameters):
        ET.SubElement(item, _def("ValueListRef"), {"ValueListOID": f"VL.{oid[3:]}"})
    return item


def _length(column: Column, texts: Mapping[str, TextFacts]) -> dict[str, str]:
    if column.kind == "text":
        longest = texts[column.name].n_bytes if column.name in texts else 1
        return {"Length": str(max(longest, 1))}
    if column.kind == "number":
        return {"Length": str(_N_DIGITS), "SignificantDigits": str(_N_DECIMALS)}
    if column.kind == "integer":
        return {"Length": str(_N_INTEGER_DIGITS)}
    return {_def("DisplayFormat"): "DATE9."}


def _explain(source: RunTable, column: Column, lists: _Lists) -> None:
    """Add how a column is derived, or what it means if it is not."""
    oid = item_oid(source.table.name, column.name)[3:]
    unit = f" Unit: {column.unit}." if column.unit else ""
    said = " ".join(part for part in (column.meaning, column.derivation) if part) + unit
    if _is_derived(column):
        method = ET.Element(
            _odm("MethodDef"),
            {"OID": f"MT.{oid}", "Name": f"Derivation of {oid}", "Type": "Computation"},
        )
        _described(method, said)
        lists.methods.append(method)
    else:
        comment = ET.Element(_def("CommentDef"), {"OID": f"COM.{oid}"})
        _described(comment, said)
        lists.comments.append(comment)


def _codelist(source: RunTable, column: Column, lists: _Lists) -> str:
    """Return the identifier of a column's controlled terms, empty without them."""
    known = CODELISTS.get(column.codelist)
    if known is None and not column.allowed:
        return ""
    if known is None:
        oid = f"CL.{item_oid(source.table.name, column.name)[3:]}"
        known = Codelist(
            name="", label=column.label, nci="", terms=dict.fromkeys(column.allowed, "")
        )
        terms = column.allowed
    else:
        terms = column.allowed or tuple(known.terms)
        is_part = set(terms) != set(known.terms)
        oid = f"CL.{known.name}" + (f".{'.'.join(terms)}" if is_part else "")
        oid = oid.replace(" ", "_").replace("/", "_")
    if oid not in lists.codelists:
        entries = [
            (term, known.terms.get(term, ""), bool(known.nci) and term in known.own)
            for term in terms
        ]
        lists.codelists[oid] = _codelist_element(oid, known.label, entries, known.nci)
    return oid


def _codelist_element(
    oid: str, label: str, entries: Iterable[tuple[str, str, bool]], nci: str
) -> ET.Element:
    attributes = {"OID": oid, "Name": f"{label} ({oid})", "DataType": "text"}
    if not nci:
        attributes[_def("IsNonStandard")] = "Yes"
    element = ET.Element(_odm("CodeList"), attributes)
    for term, decode, is_own in entries:
        item = ET.SubElement(
            element,
            _odm("CodeListItem" if decode else "EnumeratedItem"),
            {"CodedValue": term, **({_def("ExtendedValue"): "Yes"} if is_own else {})},
        )
        if decode:
            _described(item, decode, "Decode")
    if nci:
        ET.SubElement(element, _odm("Alias"), {"Context": "nci:ExtCodeID", "Name": nci})
    return element


def _parameters(source: RunTable) -> pl.DataFrame:
    """Return the parameters that a table holds: code, name and unit, sorted by code."""
    names = {column.name for column in source.table.columns}
    wanted = [name for name in (_PARAMETER, "PARAM", "AVALU") if name in names]
    if _PARAMETER not in names or _BY_PARAMETER not in names:
        return pl.DataFrame(schema={_PARAMETER: pl.String})
    return source.scan().select(wanted).unique().sort(wanted).collect(engine="streaming")


def _parameter_codelist(source: RunTable, parameters: pl.DataFrame, lists: _Lists) -> str:
    if not len(parameters):
        return ""
    oid = f"CL.{item_oid(source.table.name, _PARAMETER)[3:]}"
    entries = [(row[_PARAMETER], row.get("PARAM") or "", False) for row in parameters.to_dicts()]
    lists.codelists[oid] = _codelist_element(oid, "Parameter Code", entries, "")
    return oid


def _values_by_parameter(source: RunTable, parameters: pl.DataFrame, lists: _Lists) -> None:
    """Describe the analysis value of every parameter."""
    if not len(parameters):
        return
    column = source.table.column(_BY_PARAMETER)
    oid = item_oid(source.table.name, _BY_PARAMETER)[3:]
    values = ET.Element(_def("ValueListDef"), {"OID": f"VL.{oid}"})
    for number, row in enumerate(parameters.to_dicts(), start=1):
        code = row[_PARAMETER]
        reference = ET.SubElement(
            values,
            _odm("ItemRef"),
            {
                "ItemOID": f"IT.{oid}.{code}",
                "OrderNumber": str(number),
                "Mandatory": "No",
                **({"MethodOID": f"MT.{oid}"} if _is_derived(column) else {}),
            },
        )
        ET.SubElement(reference, _def("WhereClauseRef"), {"WhereClauseOID": f"WC.{oid}.{code}"})
        clause = ET.Element(_def("WhereClauseDef"), {"OID": f"WC.{oid}.{code}"})
        check = ET.SubElement(
            clause,
            _odm("RangeCheck"),
            {
                "Comparator": "EQ",
                "SoftHard": "Soft",
                _def("ItemOID"): item_oid(source.table.name, _PARAMETER),
            },
        )
        ET.SubElement(check, _odm("CheckValue")).text = code
        lists.where_clauses.append(clause)
        item = ET.Element(
            _odm("ItemDef"),
            {
                "OID": f"IT.{oid}.{code}",
                "Name": code,
                "DataType": "float",
                "Length": str(_N_DIGITS),
                "SignificantDigits": str(_N_DECIMALS),
            },
        )
        unit = f", unit {row['AVALU']}" if row.get("AVALU") else ""
        _described(item, f"{row.get('PARAM') or code}{unit}")
        ET.SubElement(item, _def("Origin"), {"Type": column.origin, "Source": "Sponsor"})
        lists.items.append(item)
    lists.value_lists.append(values)
