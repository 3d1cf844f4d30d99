"""The command `chopmark`. Plugins add their commands through `chopmark_commands`."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property, partial
from itertools import chain
from typing import Any

import click

from . import _plugins
from ._build import shipped_policy
from ._chopmark import Chopmark
from ._cli_screen import screen_command
from ._errors import ChopmarkError, PluginError
from ._policy_file import builtin_names, extended_by, load_policy
from ._version import __version__
from .hookspecs import Detector, Log
from .options import did_you_mean
from .policy import Policy, is_under
from .terminal import Commands, table

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class _Group(Commands):
    """Loads the commands of a plugin only when one of them may be meant, or the list is asked for.

    Most commands have their plugin's name: that one alone takes less than half of all's time.
    """

    group_class = Commands

    @cached_property
    def _waiting(self) -> list[str]:
        return [plugin.name for plugin in _plugins.installed()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        for plugin in [*self._waiting]:
            self._load(plugin)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        found = super().get_command(ctx, name)
        if found is None:
            for plugin in sorted(self._waiting, key=lambda waiting: waiting != name):
                self._load(plugin)
                found = super().get_command(ctx, name)
                if found is not None:
                    break
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ChopmarkError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:  # click would exit with 1, which is what does not hold
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            what = "" if error.filename is None else f" {str(error.filename)!r}"
            raise click.ClickException(
                f"what is written{what} does not fit ({error.strerror}); make room"
            ) from error

    def _load(self, plugin: str) -> None:
        self._waiting.remove(plugin)
        try:
            manager = _plugins.load([plugin], [])
            _plugins.called(manager.hook.chopmark_commands, cli=self)
        except ChopmarkError as error:
            click.echo(f"note: {error}", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chopmark")
def cli() -> None:
    """Guard the model calls of LLM frameworks: screen, label and record them."""


def main() -> None:
    """Run the command; what it prints may hold any character of any language."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    cli()


@cli.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def plugins_command(as_json: bool) -> None:
    """List the installed plugins, from metadata alone; none is imported."""
    found = _plugins.installed()
    users = {
        plugin.name: [n for n in builtin_names() if plugin.name in load_policy(n).plugins]
        for plugin in found
    }
    if as_json:
        rows = [{**asdict(plugin), "policies": users[plugin.name]} for plugin in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    header = ("PLUGIN", "MODULE", "DISTRIBUTION", "VERSION", "BUILT-IN POLICIES")
    click.echo(
        table(
            header,
            [
                (p.name, p.module, p.distribution, p.version, ", ".join(users[p.name]) or "-")
                for p in found
            ],
        )
    )


@cli.group("policy")
def policy_group() -> None:
    """Show or check a policy."""


@policy_group.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def show_command(name: str, as_json: bool) -> None:
    """Print the policy NAME (a name or a file) with everything it extends filled in."""
    policy = load_policy(name)
    if as_json:
        data = {**policy.to_dict(), "digest": policy.digest}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))
        return
    click.echo(f"{policy.name}@{policy.digest}" + ("" if policy.active else "  (does nothing)"))
    click.echo(f"plugins   {', '.join(policy.plugins) or '-'}")
    click.echo(f"roles     {', '.join(policy.roles)}")
    click.echo(f"holdback  at most {policy.holdback} characters")
    e = policy.on_error
    click.echo(f"on error  detector {e.detector}, marker {e.marker}, log {e.log}\n")
    groups = [("everybody", policy.rules), *policy.audiences.items()]
    rows = [
        (audience, way, category, _rule(rule))
        for audience, rules in groups
        for way in ("both", "input", "output")
        for category, rule in getattr(rules, way).items()
    ]
    click.echo(table(("AUDIENCE", "DIRECTION", "CATEGORY", "RULE"), rows))
    if policy.active and "*" not in policy.rules.both:
        click.echo("what has no rule here is handled as its detector advises")
    for plugin, options in policy.settings.items():
        click.echo(f"\nsettings of {plugin}")
        for key, value in options.items():
            click.echo(f"  {key} = {value!r}")
    click.echo("")
    for locale, text in policy.refusals.items():
        click.echo(f"refusal ({locale})  {text}")


def _rule(rule: object) -> str:
    if isinstance(rule, str):
        return rule
    assert isinstance(rule, dict)
    return ", ".join(f"{action} from {score:g}" for action, score in rule.items())


@policy_group.command("check")
@click.argument("file", type=click.Path())
def check_command(file: str) -> None:
    """Check the policy FILE: its keys, its rules, its plugins, their options, models and log.

    Exits with 1 where one is wrong, or a rule that FILE writes is of a category that no detector
    of the policy has.
    """
    chop = Chopmark(file)
    for detector in chop.detectors:
        _warm_up("detector", detector)
    _warm_up_log(chop)
    parent = extended_by(file, partial(shipped_policy, []))
    inherited = _categories(parent) if parent else set()
    wrong = False
    for category, note in _unmatched(chop):
        wrong = wrong or category not in inherited
        click.echo(f"{'note' if category in inherited else 'wrong'}: {note}", err=True)
    notes = chain(
        _misspelt_audiences(chop.policy, parent),
        _shortened(chop.policy, parent),
        _odd_roles(chop.policy),
    )
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if wrong:
        raise SystemExit(1)
    detectors = ", ".join(d.name for d in chop.detectors) or "none"
    markers = ", ".join(m.name for m in chop.markers) or "none"
    log = chop.log.name if chop.log else "none"
    click.echo(f"{chop.policy_id} is fine: detectors {detectors}; markers {markers}; log {log}")


def _warm_up_log(chop: Chopmark) -> None:
    """Have the log try whether it could take a record; say where calls would go on without one."""
    if chop.log is None:
        return
    try:
        _warm_up("log", chop.log)
    except ChopmarkError as error:
        if chop.policy.on_error.log == "block":
            raise
        click.echo(f"note: {error}; calls go on without a record", err=True)


def _warm_up(role: str, value: Detector | Log) -> None:
    """Let `value` do what it would do at its first text: only that shows a broken file."""
    warm_up = getattr(value, "warm_up", None)
    if warm_up is None:
        return
    try:
        warm_up()
    except ChopmarkError:
        raise
    except Exception as error:
        raise PluginError(
            f"{role} {value.name!r} cannot begin: {type(error).__name__}: {error}"
        ) from error


def _unmatched(chop: Chopmark) -> Iterator[tuple[str, str]]:
    """Say which rules no detector can match, where every detector says what it reports."""
    known: set[str] = {"*", "wrapper"}
    for detector in chop.detectors:
        categories = getattr(detector, "categories", None)
        if categories is None:
            return
        known |= set(categories)
    for category in sorted(_categories(chop.policy)):
        # A rule may be broader than what a detector names, or narrower.
        if not any(is_under(category, [k]) or is_under(k, [category]) for k in known):
            hint = did_you_mean(category, known)
            yield category, f"the rule for {category!r} matches no detector of this policy{hint}"


def _categories(policy: Policy) -> set[str]:
    """Return the categories that `policy` has a rule for, for anybody."""
    return {
        category
        for rules in (policy.rules, *policy.audiences.values())
        for category in (*rules.both, *rules.input, *rules.output)
    }


def _misspelt_audiences(policy: Policy, parent: Policy | None) -> Iterator[str]:
    """Say which audiences are almost one that others know: calls would be for the other one."""
    others = [load_policy(name) for name in builtin_names()] + ([parent] if parent else [])
    known = {audience for other in others for audience in other.audiences}
    for audience in policy.audiences:
        hint = did_you_mean(audience, known, least=0.8)
        if audience not in known and hint:
            yield f"the rules for the audience {audience!r} hold for calls that name it so{hint}"


def _odd_roles(policy: Policy) -> Iterator[str]:
    """Say which roles are almost one that frameworks have: messages of that one go unjudged."""
    if not policy.roles:
        yield "`roles` is empty, so no message of a request is judged"
    for role in policy.roles:
        hint = did_you_mean(role, _ROLES)
        if role not in _ROLES and hint:
            yield f"the role {role!r} in `roles` is none that frameworks have{hint}"


def _shortened(policy: Policy, parent: Policy | None) -> Iterator[str]:
    """Say which retention is shorter than in the policy that this one extends."""
    for plugin, options in policy.settings.items():
        days = options.get("retention_days")
        least = parent.options(plugin).get("retention_days") if parent else None
        if isinstance(days, int) and isinstance(least, int) and days < least:
            yield (
                f"settings.{plugin}.retention_days is {days}, and {least} in the policy that this "
                f"one extends, which has them for the law; write {least} or more, or be sure that "
                "no law wants it longer"
            )


cli.add_command(screen_command)
