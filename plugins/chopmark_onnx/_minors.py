"""Tells whether a text speaks of a minor: by age, by school year, by what children are called.

Only half of a rule. By itself a mention of a child is as harmless as it sounds; together with what
a model calls sexual it is denied whatever the policy says of sexual content.
"""

from __future__ import annotations

import re

ADULT = 18

_ENGLISH_NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_VALUES = {word: number for number, word in enumerate(_ENGLISH_NUMBERS, 1)}
_HAN_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", 1)} | {"两": 2}

# What is counted or measured is not an age, nor is a time, a date or an amount.
_COUNTED = r"""
    (?:st|nd|rd|th|am|pm)\b|%|o['’]clock|[\s-]*(?:
        seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?(?![\s-]?old)|times?
        |(?:kilo|centi|milli)?met(?:er|re)s?|km|cm|kg|kilos?|grams?|dollars?|euros?|yuan|bucks|feet|foot|ft|inch(?:es)?|miles?|pounds?
        |hundred|thousand|million|percent|points?|per|of|out\s+of|people|others|more
    )\b
"""
_WRITTEN = "|".join(_ENGLISH_NUMBERS)
_SAID = "|".join(_ENGLISH_NUMBERS[1:])  # "is one" is hardly ever an age
_AGES = re.compile(
    rf"""
    (?<![\d.])(?P<old>\d{{1,2}})[\s-]*(?:yo|y/o|yrs?[\s-]?old|years?[\s-]?old|years?[\s-]of[\s-]age)\b
    | \b(?P<word>{_WRITTEN})[\s-]years?[\s-]?old\b
    | \b(?:aged?(?:\s+of|:)?|turned|turning|i['’]?m|(?:s?he|we|they|you)['’](?:s|re)|is|was
        |(?:i|we|they|you)\s+(?:am|are|were)|(?:girl|boy)s?\s+of)\s{{1,3}}
      (?:only\s+|just\s+|still\s+|barely\s+|about\s+)?
      (?:(?P<aged>\d{{1,2}})(?![\d%$:/.,-]|\s?(?:{_COUNTED}))
        |(?P<said>{_SAID})\b(?!\s?(?:{_COUNTED})))
    | (?<![\w.,$€£])(?P<asl>\d{{1,2}})\s?/?\s?(?:f|m)\b
      (?!\s+(?:long|tall|high|wide|deep|away|apart|race|dash|sprint|pool|views?|followers|users)\b)
    | (?<![\d.])(?P<sui>\d{{1,2}})\s*(?:周)?岁
    | (?P<han>[一二两三四五六七八九十]{{1,3}})(?:周)?岁
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = re.compile(
    r"""
    \b(?:
        child(?:ren)?|kids?|kiddos?|minors?|under[\s-]?age[ds]?|toddlers?|infants?|pre-?teens?
        |pre-?pubescents?|tweens?|teen(?:s|age|aged|ager|agers)?|adolescents?|juveniles?|lolis?
        |lolitas?|shotas?|school[\s-]?(?:girl|boy|kid|child)s?|schoolchildren
        |(?:elementary|primary|middle|junior\s+high|high)[\s-]school(?:er|ers)?|kindergart(?:en|ner)s?
        |pre-?school(?:er|ers)?|nursery\s+school|\d{1,2}(?:st|nd|rd|th)[\s-]grade(?:r|rs)?
        |(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[\s-]grade(?:r|rs)?
        |grade\s+\d{1,2}|(?:in|a|the|his|her|my|our)\s+y(?:ea)?r\s+(?:[1-9]|1[0-3])s?(?!\s*(?:of|bc|ad)\b|[\d.,]\d)
        |y(?:ea)?r[\s-](?:[1-9]|1[0-3])\s+(?:girl|boy|pupil|student|class|kid)e?s?
        |(?:under|below|younger\s+than|not\s+yet)\s+(?:the\s+age\s+of\s+)?(?:1[0-8]|eighteen|sixteen)
        |jailbait|boy\s+scouts?|girl\s+scouts?|babysat|little\s+(?:girl|boy)s?
        |young\s+(?:girl|boy)s?|(?:little|kid|baby|younger)\s+(?:sister|brother|cousin)s?
        |(?:step|grand)?(?:daughter|son)s?|nieces?|nephews?
    )\b
    | 未成年|[未不][满滿]\s*(?:1[0-8]|十[一二三四五六七八])|不到\s*1[0-8]\s*岁
    |儿童|兒童|孩子|小孩|孩童|幼童|幼女|幼儿|幼兒|男童|女童
    |婴儿|嬰兒|婴幼儿|小学|小學|初中|高中|国中生|國中生|国小|國小|中学生|中學生|中职生|幼儿园|幼稚園
    |[一二三四五六七八九]年级|初[一二三]|高[一二三](?=[的学女男生班，。,.！!？?\s]|$)
    |萝莉|蘿莉|正太|小女孩|小男孩|小姑娘|小男生|小女生|小妹妹|小弟弟|青少年|少儿
    |女儿|女兒|儿子|兒子|侄女|侄子|外甥|孙女|孙子|继女|继子|亲妹妹|亲弟弟
    """,
    re.IGNORECASE | re.VERBOSE,
)


def mentions_minor(text: str) -> bool:
    """Return whether `text` speaks of somebody under 18.

    >>> mentions_minor("she is 25"), mentions_minor("a 15-year-old"), mentions_minor("十五岁")
    (False, True, True)
    """
    if _WORDS.search(text):
        return True
    return any(_age(found) < ADULT for found in _AGES.finditer(text))


def _age(found: re.Match[str]) -> int:
    number = found["old"] or found["aged"] or found["asl"] or found["sui"]
    if number:
        return int(number)
    if word := found["word"] or found["said"]:
        return _VALUES[word.lower()]
    tens, ten, ones = found["han"].rpartition("十")
    value = _HAN_DIGITS.get(ones, 0)
    return value + 10 * _HAN_DIGITS.get(tens, 1) if ten else value
