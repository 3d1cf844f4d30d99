"""The command `chopmark demo`."""

from __future__ import annotations

import importlib.util
import json
import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from chopmark import Chopmark, Policy, load_policy
from chopmark.reading import open_log, readable

from ._local import Endpoint, answers, local_model
from ._marked import PROMPT as MARKED
from ._marked import can_mark, mark_and_find
from ._prompts import Prompt, load_prompts
from ._recorded import RecordedServer

NEEDED = ("langchain", "langchain_openai", "llama_index.llms.openai_like", "openai", "rich")


@click.command("demo")
@click.option("--policy", default="cn", show_default=True, help="A name, or a TOML file.")
@click.option("--base-url", default="", help="Another OpenAI-compatible server, for all prompts.")
@click.option("--model", default="", help="The model to ask there.")
@click.option("--api-key", default="", envvar="OPENAI_API_KEY", help="Its key, if it wants one.")
@click.option("--records", default="", help="The folder for the log; by default a new one.")
@click.option("--pause", default=0.01, show_default=True, help="Seconds between recorded pieces.")
@click.option("--recorded", is_flag=True, help="Replay recorded answers; start no model.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def demo_command(
    policy: str,
    base_url: str,
    model: str,
    api_key: str,
    records: str,
    pause: float,
    recorded: bool,
    as_json: bool,
) -> None:
    """Guard a real model on this machine: a LangChain agent, then two more frameworks.

    English prompts are answered by SmolLM2-135M, Chinese ones by recorded answers replayed as a
    stream, and so are English ones where the local model is not installed.
    """
    missing = [name for name in NEEDED if not _there(name)]
    if missing:
        raise click.ClickException(
            f"the demo needs {', '.join(missing)}; install them: pip install 'chopmark[demo]'"
        )
    if bool(base_url) != bool(model):
        raise click.UsageError("give --base-url and --model together")
    if base_url and not answers(base_url):
        raise click.ClickException(
            f"no server at {base_url}; start it, or leave --base-url and --model out"
        )
    from openai import APIError

    logging.getLogger("httpx").setLevel(logging.WARNING)
    path = records or str(Path(tempfile.mkdtemp(prefix="chopmark-demo-")) / "log")
    loaded = load_policy(policy)
    if "log" in loaded.plugins:
        loaded = loaded.with_options("log", path=path)
    chop = Chopmark(loaded)
    prompts = load_prompts()
    with ExitStack() as stack:
        replay = stack.enter_context(RecordedServer(prompts, 0 if as_json else pause))
        if base_url:
            key = {"api_key": api_key} if api_key else {}
            local = Endpoint(base_url=base_url, model=model, label=model, **key)
        elif recorded:
            local = Endpoint(why="recorded answers were asked for")
        else:
            local = stack.enter_context(local_model())
        endpoints = {p.id: _endpoint(p, replay, local, bool(base_url)) for p in prompts}
        try:
            if as_json:
                found = _run(chop, prompts, endpoints, path)
                if not base_url and local.base_url and not can_mark():
                    found["watermark"] = mark_and_find(loaded, local, lambda text: None).to_dict()
                click.echo(json.dumps(found, indent=2))
            else:
                _show(chop, loaded, prompts, endpoints, path, local, marking=not base_url)
        except APIError as error:
            raise click.ClickException(
                f"the model server answered with an error: {error}; see --model and --api-key"
            ) from error
    chop.close()


def _there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _endpoint(prompt: Prompt, replay: RecordedServer, local: Endpoint, all_local: bool) -> Endpoint:
    if local.base_url and (prompt.model == "local" or (all_local and not prompt.tool)):
        return local
    return Endpoint(
        base_url=replay.base_url, model=f"recorded/{prompt.id}", label="recorded answer"
    )


def _run(
    chop: Chopmark, prompts: list[Prompt], endpoints: dict[str, Endpoint], path: str
) -> dict[str, Any]:
    from ._frameworks import FRAMEWORKS
    from ._play import play

    turns = [
        play(chop, framework, prompt, endpoints[prompt.id])
        for framework in FRAMEWORKS
        for prompt in prompts
    ]
    outcomes: dict[str, set[tuple[str, str]]] = {}
    for turn in turns:
        outcomes.setdefault(turn.prompt.id, set()).add((turn.action, turn.labelled))
    return {
        "policy": chop.policy_id,
        "records": path,
        "frameworks_agree": all(len(found) == 1 for found in outcomes.values()),
        "turns": [turn.to_dict() for turn in turns],
    }


def _show(
    chop: Chopmark,
    loaded: Policy,
    prompts: list[Prompt],
    endpoints: dict[str, Endpoint],
    path: str,
    local: Endpoint,
    *,
    marking: bool,
) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from ._frameworks import FRAMEWORKS
    from ._play import Turn, play
    from ._show import Screen

    console = Console(highlight=False)
    screen = Screen(console)
    label = f"{local.label} and recorded answers" if local.base_url else "recorded answers"
    screen.title(chop.policy_id, label)
    if local.why:
        console.print(f"[yellow]no local model: {local.why}[/]\n")
    first, *others = FRAMEWORKS
    turns: dict[str, dict[str, Turn]] = {name: {} for name in FRAMEWORKS}
    for number, prompt in enumerate(prompts, 1):
        at = endpoints[prompt.id]
        screen.asked(number, prompt, at.label)
        turn = play(chop, first, prompt, at, screen.said)
        turns[first][prompt.id] = turn
        screen.judged(turn)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("The same through the others", total=len(others) * len(prompts))
        for framework in others:
            for prompt in prompts:
                turns[framework][prompt.id] = play(chop, framework, prompt, endpoints[prompt.id])
                progress.advance(task)
    screen.outcomes(prompts, turns)
    calls = sum(len(t.responses) for by_id in turns.values() for t in by_id.values())
    if marking and local.base_url:
        screen.marking(MARKED, can_mark())
        if not can_mark():
            scene = mark_and_find(loaded, local, screen.said)
            screen.marked(scene)
            calls += scene.calls
    chop.close()  # so that the log has all of it
    if Path(path).exists():
        log = readable(open_log(loaded))
        screen.ending(path, list(log.read()), calls)
