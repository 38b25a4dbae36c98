"""The README runs as it is printed.

Its blocks of kind `sh` are commands, which are run in order against one demo; a block of kind `text` right after one is
what its last command prints. `make` has targets that exist; `make run` is the demo itself, and `micro demo` a second
one that goes on. Every other kind of block is an error here, and so is a block of text that shows no command's output
and is no drawing.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FENCE = re.compile(r"^(`{3,}|~{3,})(.*)$")
DRAWING = re.compile(r"[\u2500-\u257f]")
"""Lines of boxes: a picture rather than an output."""


class Block(NamedTuple):
    line: int
    kind: str
    text: str


class Step(NamedTuple):
    """The commands of one block, and what the last of them prints when the README shows it."""

    line: int
    commands: list
    output: str | None


def blocks_of(text):
    """The fenced blocks, with whatever else stands between them as blocks of kind `prose`."""
    blocks, prose, fence, kind, start, body = [], [], None, "", 0, []
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if fence is None and match:
            if any(words.strip() for words in prose):
                blocks.append(Block(number, "prose", "\n".join(prose)))
            fence, kind, start, body, prose = match[1], match[2].strip(), number, [], []
        elif fence is not None and match and match[1].startswith(fence) and not match[2].strip():
            blocks.append(Block(start, kind, "\n".join(body)))
            fence = None
        elif fence is not None:
            body.append(line)
        else:
            prose.append(line)
    assert fence is None, f"the block of line {start} has no end"
    return blocks


def commands_of(block):
    """The commands of a block: its lines, those that end with a backslash or in quotes together with the next."""
    commands, pending = [], ""
    for line in block.text.splitlines():
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        pending = f"{pending}\n{line}" if pending else line
        if subprocess.run(["bash", "-n", "-c", pending], capture_output=True).returncode or pending.endswith("\\"):
            continue
        commands.append(pending)
        pending = ""
    assert not pending, f"line {block.line}: {pending!r} is no complete command"
    return commands


def steps_of(text):
    """What there is to run, and a sentence for each block that is neither a command nor an output nor a drawing."""
    steps, problems = [], []
    after_command = False
    for block in blocks_of(text):
        if block.kind in ("sh", "bash", "shell"):
            steps.append(Step(block.line, commands_of(block), None))
        elif block.kind == "text" and after_command:
            steps[-1] = steps[-1]._replace(output=block.text)
        elif block.kind == "text" and DRAWING.search(block.text):
            pass
        elif block.kind != "prose":
            problems.append(f"line {block.line}: a block of kind {block.kind!r} that shows no command's output")
        after_command = block.kind in ("sh", "bash", "shell")
    return steps, problems


README = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").exists() else ""
STEPS, PROBLEMS = steps_of(README)


@pytest.fixture(scope="module")
def shell(demo, micro, start_for_module, tmp_path_factory):
    """Runs a command of the README in a directory of its own, with the demo where the README has it.

    A second demo is started there when its command comes, and goes on while the others run.
    """
    programs = tmp_path_factory.mktemp("bin")
    (programs / "micro").symlink_to(micro)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    # What finds the program on its usual port finds it on that of the fixture.
    environment["MICRO_WEB_ADDRESS"] = f"127.0.0.1:{demo.web_port}"
    directory = tmp_path_factory.mktemp("readme")
    second = []

    def run(command):
        if "--enable_acme" in command:  # It would ask a real authority; test_acme.py has one of its own.
            return subprocess.CompletedProcess(command, 0, "", "")
        if command.startswith("micro demo "):
            words = shlex.split(command)[1:] + ["--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0"]
            second[:] = [start_for_module(*words, cwd=directory)]
            return subprocess.CompletedProcess(command, 0, "", "")
        for running in second:
            command = re.sub(r":8443\b", f":{running.api_port}", command)
            command = re.sub(r":8444\b", f":{running.web_port}", command)
        mapped = re.sub(r":8080\b", f":{demo.api_port}", command)
        mapped = re.sub(r":8082\b", f":{demo.web_port}", mapped)
        mapped = re.sub(r"(\./)?\.build/(debug|release)/micro\b", "micro", mapped)
        mapped = re.sub(r"^curl ", "curl --silent --show-error ", mapped)
        return subprocess.run(
            ["bash", "-c", mapped], cwd=directory, env=environment, capture_output=True, text=True, timeout=30)

    return run


def test_the_readme_has_commands_and_no_block_that_nobody_tests():
    assert PROBLEMS == []
    assert [step for step in STEPS if step.output is not None], "no command of README.md shows its output"


@pytest.mark.parametrize("step", STEPS, ids=[f"line-{step.line}" for step in STEPS])
def test_the_commands_run_as_printed(shell, step):
    for number, command in enumerate(step.commands, 1):
        if command.startswith("make"):
            check_target(command)
            assert step.output is None, f"line {step.line}: what make prints cannot be shown here"
            continue
        is_shown = number == len(step.commands) and step.output is not None
        # An error may be what the README wants to show; otherwise it is none.
        result = shell(command if is_shown else re.sub(r"^curl ", "curl --fail-with-body ", command))
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        if is_shown:
            assert result.stdout.rstrip("\n") == step.output.rstrip("\n")


def check_target(command):
    """`make` with one target that the Makefile has. CI runs the targets themselves."""
    match = re.fullmatch(r"make ([a-z-]+)", command)
    assert match, f"{command!r} is not make with one target"
    result = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", match[1]], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr


# What is written in the running text


def test_the_commands_in_the_text_exist(micro):
    """`micro NAME ...` in code spans: the command is one of the program's, and so are its flags."""
    top = subprocess.run([micro, "--help"], capture_output=True, text=True, timeout=20).stdout
    known = set(re.findall(r"^  ([a-z]+) ", top, re.MULTILINE))
    settings = subprocess.run([micro, "help", "settings"], capture_output=True, text=True, timeout=20).stdout
    problems = []
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`([^`\n]+)`", prose):
        words = span.split()
        if words[0] == "micro" and len(words) > 1 and words[1] not in known:
            problems.append(f"there is no command {words[1]} (in `{span}`)")
        for flag in re.findall(r"--([a-z_]+)", span):
            if words[0] in ("micro", f"--{flag}") or span.startswith("--"):
                if f"--{flag}" not in settings and f"--{flag}" not in top:
                    problems.append(f"there is no flag --{flag} (in `{span}`)")
    assert problems == []


def test_every_node_that_is_registered_says_what_it_speaks():
    """Without it a node counts as a plain HTTP server, which the calls of the README could not reach."""
    commands = [command for step in STEPS for command in step.commands if command.startswith("micro register")]
    records = [json.loads(command[command.index("'") + 1:command.rindex("'")]) for command in commands]
    assert records
    assert all(node["metadata"]["protocol"] for record in records for node in record["nodes"])


def test_the_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#\s]+)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


# The reader of the README itself


SAMPLE = """\
~~~text
┌─┐
~~~

```sh
# a comment
echo 'a
b'
echo x \\
  y
```
```text
x y
```
"""


def test_commands_may_take_several_lines_and_outputs_belong_to_the_last():
    steps, problems = steps_of(SAMPLE)
    assert problems == []
    assert [(step.commands, step.output) for step in steps] == [(["echo 'a\nb'", "echo x \\\n  y"], "x y")]


@pytest.mark.parametrize(
    "block",
    ["```\nplain\n```", "```json\n{}\n```", "```text\nan output\n```", "```sh\nls\n```\nwords\n```text\nx\n```"])
def test_a_block_that_nobody_tests_is_told(block):
    assert steps_of(block)[1]


def test_a_block_without_an_end_is_an_error():
    with pytest.raises(AssertionError):
        steps_of("```sh\nls\n")


def test_the_example_of_an_error_is_valid_json():
    """The errors that the README shows are objects with the members that clients rely on."""
    shown = [json.loads(step.output) for step in STEPS if step.output and step.output.startswith('{"id"')]
    assert all(set(report) == {"id", "code", "detail", "status"} for report in shown)
