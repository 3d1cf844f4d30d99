"""Writes the font of visible labels on images: a subset of Noto Sans CJK SC.

python models/label_font/build.py NotoSansCJK-Medium.ttc
"""

from __future__ import annotations

import hashlib
import string
import sys
import unicodedata
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from chopmark_label._wording import DEFAULTS

TARGET = Path(__file__).parents[2] / "plugins/chopmark_label/fonts/ChopmarkLabelSans-Medium.otf"
SOURCE = "197d5e1e019faca33a4d55931c7d68b8056f3b97cb862049f5cb8de9efdfb8ce"
"""SHA-256 of NotoSansCJK-Medium.ttc, version 2.004, as in fonts-noto-cjk-extra 1:20240730."""
NAME = "Chopmark Label Sans"  # no name of Google's: Noto is its trademark
DOT = "·"

# What operators write on pictures beside the built-in wordings: what it is, that it is so, that
# it may be so (Labelling Measures, Art. 6), and the brackets and points around it.
WORDS = (
    "人工智能生成合成内容由本该此作品图片像画面音视频文字数据模型算法技术使用利用部分全辅助创作制"
    "自动系统仅供参考请勿用于非真实场景虚拟疑似可能为含有的是以上下均与和及或经过修改编辑增强"
    "、。，：；！？（）【】「」《》“”‘’—…・●©–"
)


def letters() -> str:
    """Return the letters of the Latin alphabets of Europe."""
    return "".join(
        c for c in map(chr, range(0xA1, 0x180)) if unicodedata.category(c).startswith("L")
    )


def face(path: Path) -> TTFont:
    """Return the face for simplified Chinese of the collection at `path`."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SOURCE:
        raise SystemExit(f"{path} is another version than fonts/README.md names")
    faces = TTCollection(path).fonts
    chinese, latin = (
        next(f for f in faces if f["name"].getDebugName(1).startswith(f"Noto Sans CJK {region}"))
        for region in ("SC", "JP")
    )
    # Chinese typography gives the middle dot the width of a character; between words in Latin
    # letters that is a hole, so the narrow one of the same font stands there.
    narrow = latin.getBestCmap()[ord(DOT)]
    for table in chinese["cmap"].tables:
        if ord(DOT) in table.cmap:
            table.cmap[ord(DOT)] = narrow
    return chinese


def rename(font: TTFont) -> None:
    """Give the subset a name of its own, and keep whose it is and its licence."""
    names = font["name"]
    names.names = [
        record for record in names.names if record.nameID in (0, 5, 8, 9, 11, 13, 14)
        and (record.platformID, record.langID) == (3, 0x409)
    ]  # fmt: skip
    postscript = TARGET.stem
    for number, text in ((1, NAME), (2, "Medium"), (3, postscript), (4, f"{NAME} Medium"),
                         (6, postscript)):  # fmt: skip
        names.setName(text, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [postscript]
    top = cff.topDictIndex[0]
    top.FullName, top.FamilyName = f"{NAME} Medium", NAME
    for fd in top.FDArray:
        fd.FontName = postscript


def main(path: Path) -> None:
    """Write the subset."""
    font = face(path)
    built_in = {c for wordings in DEFAULTS.values() for text in wordings.values() for c in text}
    wanted = built_in | set(string.printable[:95]) | set(letters()) | set(WORDS)
    options = Options()
    options.layout_features = []
    options.notdef_outline = True
    options.name_IDs = ["*"]
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "DSIG", "GPOS", "GSUB"]
    options.desubroutinize = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=map(ord, wanted))
    subsetter.subset(font)
    rename(font)
    missing = built_in - {chr(code) for code in font.getBestCmap()}
    if missing:
        raise SystemExit(f"the source lacks {sorted(missing)} of the built-in wordings")
    font.recalcTimestamp = False
    font.save(TARGET)
    count, size = len(font.getBestCmap()), TARGET.stat().st_size
    sys.stdout.write(f"{TARGET.name}: {count} characters, {size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
