"""Office files: the block is the custom property AIGC (TC260-PG-20258A 6.1).

A custom property stands in `docProps/custom.xml` (ECMA-376 part 1, 15.2.12.2), which the package's
relationships and content types must name. Everything else, macros too, is copied as it is packed.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from chopmark_label._files._errors import FileError, missing
from chopmark_label._files._format import Place
from chopmark_label._files._package import OLE, Package

_PART = "docProps/custom.xml"
_RELATIONS = "_rels/.rels"
_TYPES = "[Content_Types].xml"
_CONTENT = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FMTID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_OPC = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument"  # ISO/IEC 29500 Strict
_KINDS = (
    f"{_OFFICE}/relationships/custom-properties",
    f"{_STRICT}/relationships/customProperties",
)
_MAIN = (f"{_OFFICE}/relationships/officeDocument", f"{_STRICT}/relationships/officeDocument")
_FOLDERS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"docMetadata/", b"customXml/",
            b"word/", b"xl/", b"ppt/")  # fmt: skip
_PID = re.compile(r"[2-9]|[1-9][0-9]{1,8}")  # 0 and 1 are Office's own
_MACROS = re.compile(r"(?:^|/)vbaProject\.bin$|(?:^|/)macrosheets/", re.IGNORECASE)
_SUFFIXES = (
    ".docx", ".docm", ".dotx", ".dotm", ".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb",
    ".pptx", ".pptm", ".potx", ".potm", ".ppsx", ".ppsm",
)  # fmt: skip


class Ooxml:
    """Word, Excel and PowerPoint files since 2007, and their templates."""

    name = "Office Open XML"
    suffixes = _SUFFIXES

    def fits(self, head: bytes) -> bool:
        """Return whether this is an Office package, or the OLE container of an encrypted one."""
        return head.startswith(OLE) or (
            head.startswith(b"PK\x03\x04") and any(name in head for name in _FOLDERS)
        )

    def read(self, path: Path) -> list[Place]:
        """Return the AIGC properties of every custom properties part, named or left over."""
        with Package(path) as package:
            homes = _homes(package, _relations(package))
            return [
                Place(_value(found), f"{home} property {found.get('name')}")
                for home in homes
                for found in _labels(_properties(package, home))
            ]

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write the property, its relationship and its content type."""
        with Package(source) as package:
            relations, types = _relations(package), _tree(package, _TYPES)
            _check_kind(package, relations)
            homes = _homes(package, relations)
            home, *others = homes or [_PART]
            strict = any(str(r.get("Type")).startswith(_STRICT) for r in relations)
            new = {home: _label(package, home, block, strict)}
            for other in others:
                properties = _properties(package, other)
                if found := _labels(properties):
                    for label in found:
                        _drop(label)
                    new[other] = _bytes(package, properties)
            if _relate(package, relations, home, strict):
                new[_RELATIONS] = _bytes(package, relations)
            if _declare(types, home):
                new[_TYPES] = _bytes(package, types)
            package.write(target, new)
            return f"{home} property AIGC"


def macros_in(path: Path) -> str:
    """Return the name of the part with macros, empty where there is none.

    Raises:
        FileError: the file cannot be read as a package.
    """
    with Package(path) as package:
        return next((name for name in package.names if _MACROS.search(name)), "")


def _homes(package: Package, relations: Any) -> list[str]:
    """Return the custom properties parts: those related, then one that nothing refers to."""
    homes = [
        package.name(_target(relation))
        for relation in relations
        if relation.get("Type") in _KINDS and relation.get("TargetMode") != "External"
    ]
    return list(dict.fromkeys(home for home in (*homes, package.name(_PART)) if home))


def _target(relation: Any) -> str:
    return posixpath.normpath("/" + unquote(relation.get("Target") or "")).lstrip("/")


def _relations(package: Package) -> Any:
    return _tree(package, _RELATIONS)


def _properties(package: Package, home: str) -> Any:
    root = _tree(package, home)
    if _local(root) != "Properties":
        raise FileError(
            package.path,
            f"has {_local(root)!r} in {home!r}, where custom properties belong; open it in Office "
            "and save it again",
        )
    return root


def _labels(properties: Any) -> list[Any]:
    """Return the properties called AIGC; Office does not tell names apart by case."""
    return [
        entry
        for entry in properties
        if _local(entry) == "property" and (entry.get("name") or "").casefold() == "aigc"
    ]


def _value(entry: Any) -> str:
    """Return the text of the value, of whatever type: the white space around it is no part."""
    value = next((child for child in entry if _local(child)), None)
    return "" if value is None else str(value.xpath("string()"))


def _label(package: Package, home: str, block: str, strict: bool) -> bytes:
    """Return the custom properties with exactly one AIGC, the block."""
    etree = _etree(package.path)
    if package.name(home):
        root = _properties(package, home)
    else:
        base = f"{_STRICT}/customProperties" if strict else f"{_OFFICE}/custom-properties"
        values = f"{_STRICT if strict else _OFFICE}/docPropsVTypes"
        root = etree.Element(f"{{{base}}}Properties", nsmap={None: base, "vt": values})
    first, *others = _labels(root) or [None]
    for other in others:
        _drop(other)
    space = etree.QName(root).namespace or ""
    pids = [entry.get("pid") or "" for entry in root if _local(entry) == "property"]
    if first is None:
        first = etree.SubElement(root, f"{{{space}}}property" if space else "property")
    pid, tail = first.get("pid") or "", first.tail
    first.clear()
    if not _PID.fullmatch(pid) or pids.count(pid) > 1:
        used = set(pids)
        pid = next(str(n) for n in range(2, len(pids) + 3) if str(n) not in used)
    for key, value in (("fmtid", _FMTID), ("pid", pid), ("name", "AIGC")):
        first.set(key, value)
    first.tail = tail
    values = f"{_STRICT if space.startswith(_STRICT) else _OFFICE}/docPropsVTypes"
    try:
        etree.SubElement(first, f"{{{values}}}lpwstr", nsmap={"vt": values}).text = block
    except ValueError as error:
        raise FileError(
            package.path,
            f"cannot carry the block {block[:80]!r}, which has characters that XML lacks; Annex E "
            "allows printable ASCII",
        ) from error
    return _bytes(package, root)


def _drop(entry: Any) -> None:
    """Remove an element; what stands behind it stays."""
    parent, before = entry.getparent(), entry.getprevious()
    if entry.tail and before is not None:
        before.tail = (before.tail or "") + entry.tail
    elif entry.tail:
        parent.text = (parent.text or "") + entry.tail
    parent.remove(entry)


def _relate(package: Package, relations: Any, home: str, strict: bool) -> bool:
    """Add the relationship to the custom properties where there is none."""
    for relation in relations:
        if relation.get("Type") in _KINDS and package.name(_target(relation)) == home:
            return False
    used = {relation.get("Id") for relation in relations}
    free = next(f"rId{n}" for n in range(1, len(used) + 2) if f"rId{n}" not in used)
    etree = _etree(package.path)
    for relation in list(relations):  # one that leads nowhere; there may be one only
        if relation.get("Type") in _KINDS and package.name(_target(relation)) is None:
            _drop(relation)
    added = etree.SubElement(relations, f"{{{_OPC}/relationships}}Relationship")
    for key, value in (("Id", free), ("Type", _KINDS[strict]), ("Target", home)):
        added.set(key, value)
    return True


def _declare(types: Any, home: str) -> bool:
    """Add the content type of the custom properties where it is not there."""
    for entry in types:
        if _local(entry) == "Override" and (
            (entry.get("PartName") or "").casefold() == f"/{home}".casefold()
        ):
            wrong = entry.get("ContentType") != _CONTENT
            entry.set("ContentType", _CONTENT)
            return bool(wrong)
    added = types.makeelement(f"{{{_OPC}/content-types}}Override")
    added.set("PartName", f"/{home}")
    added.set("ContentType", _CONTENT)
    types.append(added)
    return True


def _check_kind(package: Package, relations: Any) -> None:
    kinds = {str(relation.get("Type")) for relation in relations}
    if kinds.isdisjoint(_MAIN):
        raise FileError(
            package.path,
            "is a package, but none of Word, Excel or PowerPoint, where alone a guide has a place "
            "for a label",
        )
    signed = any(name.casefold().startswith("_xmlsignatures/") for name in package.names)
    if signed or any(kind.endswith("/digital-signature/origin") for kind in kinds):
        raise FileError(
            package.path,
            "is digitally signed, and a label would break the signature; label it first, then sign",
        )


def _tree(package: Package, name: str) -> Any:
    """Return the root of a part."""
    data = package.part(name)
    if data is None:
        raise FileError(
            package.path, f"is a ZIP file without {name!r}, so no Office file; check what it is"
        )
    etree = _etree(package.path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileError(
            package.path,
            f"has {name!r} that is no XML ({error}); open it in Office and save it again",
        ) from error
    if root.getroottree().docinfo.doctype:
        raise FileError(
            package.path, f"has a DTD in {name!r}, which Office files must not have; do not open it"
        )
    return root


def _bytes(package: Package, root: Any) -> bytes:
    data: bytes = _etree(package.path).tostring(
        root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True
    )
    return data


def _local(element: Any) -> str:
    """Return the name of an element without its namespace, empty for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _etree(path: Path) -> Any:
    try:
        from lxml import etree  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing(path, "lxml") from error
    return etree


OOXML = Ooxml()
