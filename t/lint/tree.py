"""A tree of files that checks look at: the repository, or a fixture made in memory."""

import pathlib
import re
import subprocess

CODE = (".cc", ".h", ".c", ".ts", ".js", ".mjs", ".pl", ".pm", ".t", ".py", ".sh", ".cmake", ".css", ".html")


class Tree:
    def __init__(self, texts, root=None):
        self.texts = texts
        self.root = root  # None: nothing on disk, so outside tools cannot look

    @staticmethod
    def of_repository(root):
        """Tracked files and new ones that are not ignored, as text; binary ones are left out."""
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True,
        ).stdout.split("\0")
        texts = {}
        for name in filter(None, names):
            path = pathlib.Path(root, name)
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                if b"\0" not in data[:8000]:
                    texts[name] = data.decode("utf-8", "replace")
        return Tree(texts, root)

    def names(self, pattern):
        return [name for name in sorted(self.texts) if re.search(pattern, name)]

    def lines(self, pattern):
        """(name, line number, line) of every file whose name matches."""
        for name in self.names(pattern):
            for number, line in enumerate(self.texts[name].splitlines(), 1):
                yield name, number, line

    def includes(self, pattern):
        """(name, line number, what is included, quoted or angled) of every #include."""
        for name, number, line in self.lines(pattern):
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
            if found:
                yield name, number, found[1] or found[2], '"' if found[1] else "<"

    def folders(self):
        return {str(parent) for name in self.texts for parent in pathlib.PurePath(name).parents if str(parent) != "."}

    def shell_scripts(self):
        return [n for n in sorted(self.texts) if n.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", self.texts[n])]
