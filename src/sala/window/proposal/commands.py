"""The command line of proposals: propose for each line that comes in, learn the model anew, measure it.

The model is imported where it is used: numpy takes its time, and every command of the hall loads this file.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sala.window.proposal.model import Model

# JSON lets these stand in a text, and other programs read them as the end of a line.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def _lines() -> Iterator[str]:
    """What comes in, line by line as it comes; what is not UTF-8 is replaced."""
    for line in sys.stdin.buffer:
        yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def _say(line: str) -> None:
    """One line out, as UTF-8 whatever the terminal's locale."""
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()


@click.command("propose")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.option(
    "--most", default=5, type=click.IntRange(3, 100), show_default=True, help="How many services a line."
)
def propose(as_json: bool, most: int) -> None:
    """Propose services for each line of standard input, the likeliest first. Nothing is stored; no hall need be open."""
    from sala.window.proposal import serving

    for typed in _lines():
        found = serving.answer(typed)
        if as_json:
            services = [{"code": p.code, "score": round(p.score, 4)} for p in found.services[:most]]
            told = json.dumps({"text": typed, "lang": found.lang, "services": services}, ensure_ascii=False)
            _say(_LINE_ENDS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", told))
        else:
            _say("  ".join(f"{p.code} {p.score:.2f}" for p in found.services[:most]))


@click.command("train")
@click.option("--requests", "with_requests", is_flag=True, help="Learn from this hall's past requests too.")
def train(with_requests: bool) -> None:
    """Learn the proposals anew from the pack's texts, and with --requests from what residents of this hall wrote.

    The pack's model is written beside its texts. What is learned from requests stays in SALA_HOME, and only pieces that at
    least five requests share are kept of it, as numbers.
    """
    from sala.window.proposal import model, serving, training

    pack = serving.pack()
    if with_requests:
        from sala.window.proposal import past

        asked = past.requests()
        path = serving.own()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        asked, path = [], serving.shipped()
    learned = training.learned(pack, asked)
    _write(learned, path)
    offered = len(set(learned.codes) - {model.OTHER})
    click.echo(f"{path}: {len(learned.keys)} features of {offered} services.")
    if with_requests:
        click.echo(f"Learned from {len(asked)} requests of this hall as well.")


def _write(learned: "Model", path: Path) -> None:
    """Keep a model: the pack's for everybody to read, the hall's own for its owner alone."""
    from sala.window.proposal import model, serving

    old = os.umask(0o022 if path == serving.shipped() else 0o077)
    try:
        model.write(learned, path)
    finally:
        os.umask(old)


@click.command("accuracy")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def accuracy(as_json: bool) -> None:
    """How often the proposals are right on the pack's held-out texts, by language."""
    from sala.window.proposal import measured, serving, texts

    held = texts.read(texts.folder(serving.pack()) / texts.HELD_OUT)
    found = measured.by_language(held, serving.answer)
    if as_json:
        _say(json.dumps({lang: share.as_dict() for lang, share in found.items()}))
        return
    for lang, share in found.items():
        click.echo(f"{lang}: {share.line()}")


COMMANDS = (propose, train, accuracy)
for command in COMMANDS:
    command.needs_no_hall = True  # type: ignore[attr-defined]  # they read the pack; only `train --requests` asks the database
