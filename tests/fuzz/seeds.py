"""Small files of every format that carries a label, each with one: what the fuzzers begin with."""

from __future__ import annotations

from pathlib import Path

import docx
import openpyxl
import pikepdf
import pptx
from PIL import Image
from tests.plugins.label.files.media_files import make_sound, make_video

from chopmark_label import Aigc, label_file

BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="7")
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    'syntax-ns#"><rdf:Description xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>'
    "{&quot;Label&quot;:&quot;1&quot;}</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>"
)
TEXTS = {
    "front.md": "---\ntitle: 'x'  # why\ntags: [a, b]\nAIGC:\n    Label: \"1\"\n---\n\n# Title\n",
    "fence.md": "\n---\nAIGC: {Label: 1}\n---\ntext\n\n```yaml\nAIGC:\n  Label: '1'\n```\n</b>\n",
    "page.html": "<!doctype html>\n<html><head><meta charset=utf-8><title>&amp;</title></head>"
    '<body><!-- AIGC: {"Label":"1"} --><script>"</head>"</script><p>text</body></html>',
    "page.xhtml": '<?xml version="1.0" encoding="gbk"?><html xmlns="http://www.w3.org/1999/xhtml">'
    "<head><meta property='site:AIGC' content='{}'/></head><body/></html>",
}
SOUNDS = {
    "a.mp3": "libmp3lame", "a.wav": "pcm_s16le", "a.flac": "flac", "a.ogg": "libopus",
    "a.opus": "libopus", "a.m4a": "aac",
}  # fmt: skip


def seeds(folder: Path) -> list[Path]:
    """Write the files to `folder`, and return them."""
    made = [*_documents(folder), *_pictures(folder), *_media(folder)]
    for path in made:
        label_file(path, path, BLOCK, replace=True)
    return made


def _documents(folder: Path) -> list[Path]:
    word, book, show = docx.Document(), openpyxl.Workbook(), pptx.Presentation()
    word.add_paragraph("text")
    book.active["A1"] = "cell"
    word.save(str(folder / "a.docx"))
    book.save(folder / "a.xlsx")
    show.save(str(folder / "a.pptx"))
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    modes = pikepdf.ObjectStreamMode
    for name, mode in (("table.pdf", modes.disable), ("stream.pdf", modes.generate)):
        with pikepdf.new() as pdf:
            pdf.add_blank_page().Contents = pdf.make_stream(b"BT (text) Tj ET")
            pdf.docinfo["/Title"] = "T"
            pdf.Root.Metadata = pdf.make_stream(
                XMP.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
            )
            pdf.save(folder / name, fix_metadata_version=False, object_stream_mode=mode)
    names = ("a.docx", "a.xlsx", "a.pptx", *TEXTS, "table.pdf", "stream.pdf")
    return [folder / name for name in names]


def _pictures(folder: Path) -> list[Path]:
    paths = [folder / f"a.{kind}" for kind in ("jpg", "png", "webp", "tif", "gif")]
    for path in paths:
        Image.linear_gradient("L").resize((12, 9)).save(path)
    return paths


def _media(folder: Path) -> list[Path]:
    sounds = [make_sound(folder / name, codec) for name, codec in SOUNDS.items()]
    return [*sounds, make_video(folder / "a.mp4")]
