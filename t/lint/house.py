"""The rules of the house: who may include whom, what stands together, what may not stand anywhere.

A check takes a Tree and yields its findings as "file:line: what is wrong". t/lint/self.t proves of each that it can fail."""

import json
import re

from tree import CODE

CPP = r"\.(cc|h)$"


def one_door_to_nginx(tree):
    """Only ngx_module/glue/ngx.h includes nginx's headers."""
    for name, line, what, _ in tree.includes(CPP):
        if what.startswith("ngx_") and what.endswith(".h") and "/" not in what and name != "ngx_module/glue/ngx.h":
            yield f"{name}:{line}: includes {what}: go through ngx_module/glue/ngx.h"


# floor -> what its files may include, first match of each include decides. STD: a standard header has no dot.
STD = r"[a-z_0-9]+"
FLOORS = {
    "core": rf"core/|{STD}$|tl/expected\.hpp$|nlohmann/json(_fwd)?\.hpp$|nmmintrin\.h$",
    "crypto": rf"core/|crypto/|{STD}$|tl/expected\.hpp$|nlohmann/json(_fwd)?\.hpp$|openssl/",
    "runtime": r"runtime/|core/base/|(?!core/|crypto/|ngx_module/|companions/|player/|openssl/)",
    "ngx_module": r"ngx_module/|core/|crypto/|(?!runtime/|companions/|player/|openssl/)",
    "companions": r"companions/|runtime/|core/|crypto/|(?!ngx_module/|player/|openssl/)",
    "player/native": r"player/native/|runtime/|core/|crypto/|(?!ngx_module/|companions/|openssl/)",
}


def floors(tree):
    """Arrows only downwards: core and crypto include only what is listed, and OpenSSL has one user."""
    for name, line, what, _ in tree.includes(CPP):
        for floor, allowed in FLOORS.items():
            if name.startswith(floor + "/") and not re.match(allowed, what):
                yield f"{name}:{line}: {floor} may not include {what}"


# folder -> the sibling folders it may include beside itself.
ARROWS = {
    "core": {"base": "", "*": "*"},
    "ngx_module": {"glue": "", "store": "glue", "live": "glue", "multicast": "store live glue", "http": "*"},
    "companions": {"splitter": "", "*": "splitter"},
}


def arrows(tree):
    """Inside a floor: base is core's ground; http -> multicast -> {store, live} -> glue; no role includes another."""
    for floor, rules in ARROWS.items():
        for name, line, what, _ in tree.includes(rf"^{floor}/[^/]+/.*{CPP}"):
            source, target = name.split("/")[1], what.split("/")[1:-1]
            if not what.startswith(floor + "/") or not target or target[0] == source:
                continue
            allowed = rules.get(source, rules.get("*", ""))
            if allowed != "*" and target[0] not in allowed.split():
                yield f"{name}:{line}: {floor}/{source} may not include {floor}/{target[0]}"


def core_has_no_effects(tree):
    """core has no clock, randomness, environment, files or threads of its own."""
    effects = r"(system|steady)_clock::now|random_device|\bgetenv\b|\bfopen\b|std::[io]?fstream|std::thread|std::c(out|err)\b"
    for name, line, text in tree.lines(r"^core/.*" + CPP):
        if re.search(effects, text.split("//")[0]):
            yield f"{name}:{line}: an outside effect in core: {text.strip()}"


def errors_in_step(tree):
    """core/base/errors.h, errors.cc and docs/errors.md say the same."""
    header, source, page = (tree.texts.get(n, "") for n in ("core/base/errors.h", "core/base/errors.cc", "docs/errors.md"))
    numbers = dict(re.findall(r"^\s*k(\w+) = (\d+),", header, re.M))
    names = dict(re.findall(r"case ErrorCode::k(\w+):\s*return \"(\w+)\";", source))
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.M))
    for symbol, number in numbers.items():
        if symbol not in names:
            yield f"core/base/errors.cc:1: k{symbol} has no name"
        elif rows.get(number) != names[symbol]:
            yield f"docs/errors.md:1: {number} `{names[symbol]}` is {rows.get(number, 'missing')}"
    for number in set(rows) - set(numbers.values()):
        yield f"docs/errors.md:1: {number} is no error of core/base/errors.h"
    if len(set(numbers.values())) != len(numbers):
        yield "core/base/errors.h:1: a number is used twice"


def directives_in_step(tree):
    """Each directive and variable of the module has its section in docs/directives.md, and README.md lists each directive."""
    code = "\n".join(tree.texts[n] for n in tree.names(r"^ngx_module/.*\.cc$"))
    page, readme = tree.texts.get("docs/directives.md", ""), tree.texts.get("README.md", "")
    directives = set(re.findall(r'ngx_string\("(weir(?:_[a-z]+)*)"\),\s*(?:NGX_HTTP|k[A-Z])', code))
    variables = set(re.findall(r'"(weir_[a-z_]+)"', code)) - directives
    variables = {v for v in variables if re.search(rf"^### \$?{v}$", page, re.M) or f"${v}" in page}
    sections = set(re.findall(r"^### (weir\w+)$", page, re.M))
    for name in sorted(directives - sections):
        yield f"docs/directives.md:1: {name} is missing"
    for name in sorted(sections - directives):
        yield f"docs/directives.md:1: {name} is no directive"
    for name in sorted(directives):
        if f"`{name}" not in readme:
            yield f"README.md:1: {name} is missing from the table of directives"
    for name, line, text in tree.lines(r"^(conf\.d/.*\.(conf|md)|docs/[a-z]+\.md|README\.md)$"):
        for used in re.findall(r"^\s*(weir(?:_[a-z]+)*)\b", text):
            if directives and used not in directives and text.rstrip().endswith((";", "{")):
                yield f"{name}:{line}: {used} is no directive"


def folders_have_readmes(tree):
    """Every folder that holds code says in a few lines what it is."""
    deep = r"^[^/]+$|^(core|ngx_module|companions|player|t)/[^/]+$"
    for folder in sorted(tree.folders()):
        if re.match(deep, folder) and not folder.startswith(".") and f"{folder}/README.md" not in tree.texts:
            yield f"{folder}/README.md:1: missing"


def files_stay_small(tree):
    """No file of code over 500 lines unless its top says `Long because …`."""
    for name in sorted(tree.texts):
        lines = tree.texts[name].splitlines()
        if name.endswith(CODE) and len(lines) > 500 and not re.search(r"Long because ", "\n".join(lines[:20])):
            yield f"{name}:{len(lines)}: over 500 lines; split it, or say at its top `Long because …`"


def locks_name_no_host(tree):
    """npm's lock files name packages and hashes, not the host that one machine took them from."""
    for name, line, text in tree.lines(r"(^|/)(package-lock\.json|\.npmrc)$"):
        if re.search(r'"resolved": "[a-z+]+://|registry\s*=', text):
            yield f"{name}:{line}: names a host: npm install --omit-lockfile-registry-resolved"


DEBIAN_NODE = (18, 20)


def admits(range_, version):
    """Whether one alternative of an npm range (`>=18.19`, `^18.0.0 || >=20`) lets this (major, minor) in; upper bounds are not looked at."""
    for part in range_.split("||"):
        operator, major, minor = re.match(r"\s*([\^~]|>=|)\s*v?(\d+|\*)(?:\.(\d+))?", part).groups()
        low = (0 if major == "*" else int(major), int(minor or 0))
        if major == "*" or (version >= low if operator == ">=" else version[0] == low[0] and version >= low):
            return True
    return False


def packages_run_on_debians_node(tree):
    """What npm brings runs on the Node that Debian 12 has; what is optional may stay away."""
    for name in tree.names(r"(^|/)package(-lock)?\.json$"):
        whole = json.loads(tree.texts[name])
        for package, facts in [("", whole), *whole.get("packages", {}).items()]:
            wanted = facts.get("engines", {}).get("node")
            if wanted and not facts.get("optional") and not admits(wanted, DEBIAN_NODE):
                yield f"{name}:1: {package or 'it'} wants Node {wanted}"


def no_place_of_one_machine(tree):
    """No path that exists on one developer's machine only."""
    for name, line, text in tree.lines(r"^(?!t/lint/self\.t$|LICENSE$)"):
        found = re.search(r"(?<![\w./~-])/(work|root|home/\w+|Users/\w+)(?=[/\s\"'`;:]|$)", text)
        if found and not name.endswith("package-lock.json"):
            yield f"{name}:{line}: names {found[0]}"


TESTS = r"^t/(?!lint/).*\.(t|pm|pl|ts|mjs|js|cc|h|py)$|^player/web/.*\.test\.ts$"


def tests_take_free_ports(tree):
    """A test binds port 0 or asks for a free one."""
    for name, line, text in tree.lines(r"^t/(nginx|companions|player|e2e|bench)/.*\.(t|pm|pl|ts|mjs|js|py)$"):
        if re.search(r"127\.0\.0\.\d+:[1-9]\d{2,4}\b|localhost:[1-9]\d{2,4}\b|\blisten\s+[1-9]\d{1,4}\s*;", text):
            yield f"{name}:{line}: a port of its own: {text.strip()}"


def tests_wait_on_conditions(tree):
    """No sleeping in tests, but for the pause of a loop that polls a condition (marked `poll`) and a pace that is kept (`pace`)."""
    for name, line, text in tree.lines(TESTS):
        if re.search(r"\b(u?sleep|sleep_for|waitForTimeout)\s*\(?[\s(]|select\s*\(?\s*undef", text) and not re.search(r"\b(poll|pace)", text):
            if not re.match(r"\s*(//|#|\*|use )", text):
                yield f"{name}:{line}: sleeps: {text.strip()}"


def skips_say_why(tree):
    """A test that is skipped prints its reason, and none is switched off for good."""
    for name, line, text in tree.lines(TESTS):
        if re.search(r"GTEST_SKIP\(\)\s*;|skip_all\s*(=>)?\s*['\"]{2}|\bDISABLED_|\b(it|test|describe)\.(fixme|only)\b", text):
            yield f"{name}:{line}: {text.strip()}"


def nothing_left_open(tree):
    """No notes to self."""
    for name, line, text in tree.lines(r"^(?!t/lint/|LICENSE|.*package-lock\.json$)"):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text):
            yield f"{name}:{line}: {text.strip()}"


def pages_name_what_exists(tree):
    """A relative link, or a source file named in backticks, in a page leads somewhere."""
    everything = set(tree.texts) | tree.folders()
    for name, line, text in tree.lines(r"\.md$"):
        here = name.rsplit("/", 1)[0] + "/" if "/" in name else ""
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            if resolve(here, link) not in everything:
                yield f"{name}:{line}: links to {link}, which is not there"
        for path in re.findall(r"`((?:core|crypto|runtime|ngx_module|companions|player|script|conf\.d|docs|t)/[\w./-]+\.(?:cc|h|ts|md|conf|t|py|pl))`", text):
            if path not in everything:
                yield f"{name}:{line}: names {path}, which is not there"


def resolve(here, link):
    parts = []
    for part in (here + link).split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


CHECKS = [
    one_door_to_nginx, floors, arrows, core_has_no_effects, errors_in_step, directives_in_step, folders_have_readmes,
    files_stay_small, locks_name_no_host, packages_run_on_debians_node, no_place_of_one_machine, tests_take_free_ports, tests_wait_on_conditions,
    skips_say_why, nothing_left_open, pages_name_what_exists,
]
