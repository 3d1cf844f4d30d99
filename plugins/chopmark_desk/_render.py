"""Makes pages of templates: in the visitor's language, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ._format import FILTERS
from ._language import LANGUAGES

if TYPE_CHECKING:
    from ._page import Page, Visit


@cache
def _environment() -> Environment:
    """Return the templates, which all desks of a process share: to compile one takes 5 to 40 ms."""
    made = Environment(
        loader=PackageLoader(str(__package__)),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    return made


class Renderer:
    """The templates, and the pages that the navigation leads to. Shared by threads."""

    def __init__(self, navigation: Sequence[Page]) -> None:
        self._navigation = tuple(navigation)
        self._environment = _environment()

    def render(self, template: str, visit: Visit, names: Mapping[str, Any]) -> str:
        """Return what `template` makes of `names`, and of these, which every template has.

        `visit`; `t`, which says a text of the catalogue; `csrf`, the field that every form that
        posts must have; `navigation`; `languages`; `said`, what is to be told, or "".
        """
        return self._environment.get_template(template).render(
            {
                "visit": visit,
                "t": visit.say,
                "csrf": Markup('<input type="hidden" name="csrf" value="{}">').format(visit.token),
                "navigation": [
                    page for page in self._navigation if visit.desk.public or visit.may(page.area)
                ],
                "languages": {
                    language: self._in_language(visit, language) for language in LANGUAGES
                },
                "said": visit.words.get(f"said.{visit.asked('said')}", ""),
                **names,
            }
        )

    def _in_language(self, visit: Visit, language: str) -> str:
        """Return the address of this page in another language, or of the one that led to it."""
        url = visit.request.url
        if visit.request.method in ("GET", "HEAD"):
            asked = url.remove_query_params("said").include_query_params(lang=language)
            return f"{url.path}?{asked.query}"
        area = visit.area.partition(".")[0]
        path = next((page.path for page in self._navigation if page.area == area), url.path)
        return f"{path}?lang={language}"
