"""clang-format, clang-tidy and shellcheck, as checks over a Tree on disk."""

import hashlib
import json
import pathlib
import re
import subprocess


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def shell_is_clean(tree):
    """shellcheck finds nothing in the scripts."""
    scripts = tree.shell_scripts()
    if scripts:
        done = run(["shellcheck", "-x", "-f", "gcc", *scripts], cwd=tree.root)
        yield from done.stdout.splitlines() or done.stderr.splitlines()


def code_is_formatted(tree):
    """clang-format would change nothing."""
    sources = tree.names(r"\.(cc|h)$")
    if sources:
        done = run(["clang-format", "--dry-run", "-Werror", *sources], cwd=tree.root)
        yield from (line for line in done.stderr.splitlines() if ": error:" in line)


# What clang-tidy reads: the floors that parse what strangers send. The whole tree would take longer than all tests together.
TIDY = r"^(core/(base|title|token)|crypto)/.*\.cc$"


def tidy_is_content(tree, commands="build/dev/compile_commands.json"):
    """clang-tidy finds nothing in what parses titles, tokens and pieces (.clang-tidy says what it looks for)."""
    database = pathlib.Path(tree.root, commands)
    if not database.is_file():
        yield f"{commands}:1: missing: run script/build dev"
        return
    entries = json.loads(database.read_text())
    for entry in entries:  # the build is GCC's: what clang does not know goes out
        entry["command"] = entry["command"].replace(" -fno-gnu-unique", "").replace(" -Wno-restrict", "")
    marks = database.parent / "tidy"
    marks.mkdir(exist_ok=True)
    (marks / "compile_commands.json").write_text(json.dumps(entries))
    known = {str(pathlib.Path(entry["file"]).resolve()): entry for entry in entries}
    for name in tree.names(TIDY):
        entry = known.get(str(pathlib.Path(tree.root, name).resolve()))
        if entry and not tidied(tree, marks, entry):
            done = run(["clang-tidy", "-p", str(marks), "--quiet", "--warnings-as-errors=*", name], cwd=tree.root)
            if done.returncode == 0:
                tidied(tree, marks, entry, remember=True)
                continue
            shown = [line for line in done.stdout.splitlines() if re.search(r": (error|warning):", line)]
            yield from shown or done.stderr.splitlines()[-3:]


def tidied(tree, marks, entry, remember=False):
    """Whether the same text, headers included, was found good before: a mark in the build directory per digest."""
    command = re.sub(r" -o \S+", "", entry["command"]) + " -E"
    text = subprocess.run(command, shell=True, cwd=entry["directory"], capture_output=True).stdout
    rules = pathlib.Path(tree.root, ".clang-tidy").read_bytes()
    mark = marks / hashlib.sha256(text + rules).hexdigest()
    if remember:
        mark.touch()
    return mark.exists()


CHECKS = [shell_is_clean, code_is_formatted, tidy_is_content]
