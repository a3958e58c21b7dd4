"""What the README says can be done, can be."""

import re
import shlex
from pathlib import Path

import pytest

from vibench.main import COMMANDS, build_parser

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
CALLS = re.findall(r"^(?:\.venv/bin/)vibench (.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_in_the_readme_is_understood(call):
    assert build_parser().parse_args(shlex.split(call)).command in COMMANDS


def test_every_command_is_in_the_readme():
    for name in COMMANDS:
        assert f"`vibench {name}" in README


def test_every_target_in_the_readme_is_in_the_makefile():
    for target in re.findall(r"`make ([a-z]+)", README):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_readme_names_the_index_that_torch_comes_from():
    (index,) = re.findall(r"^TORCH_INDEX \?= (\S+)$", MAKEFILE, re.MULTILINE)

    assert index in README
    assert index in (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def test_files_that_the_readme_links_are_there():
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (REPOSITORY / link).is_file(), link
