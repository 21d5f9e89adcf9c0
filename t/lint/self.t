#!/usr/bin/env python3
"""Proves of each check that it can fail: what it is there to find, it finds, and it leaves the good counterpart alone."""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
import tools
from tree import Tree

ERRORS = {
    "core/base/errors.h": "  kIo = 401,\n",
    "core/base/errors.cc": 'case ErrorCode::kIo:\n  return "io";\n',
    "docs/errors.md": "| 401 | `io` | Reading failed. |\n",
}
DIRECTIVES = {
    "ngx_module/http/directives.cc": '{ngx_string("weir_root"), NGX_HTTP_MAIN_CONF,\n',
    "docs/directives.md": "### weir_root\n",
    "README.md": "| `weir_root DIR` |\n",
}
FORMATTED = "int main() {\n  return 0;\n}\n"

# check -> (files it must complain about, files it must not complain about)
CASES = {
    house.one_door_to_nginx: (
        [{"ngx_module/store/fill.cc": "#include <ngx_core.h>\n"}, {"core/a.h": '#include "ngx_http.h"\n'}],
        [{"ngx_module/glue/ngx.h": "#include <ngx_core.h>\n", "ngx_module/a.cc": '#include "ngx_module/glue/ngx.h"\n'}],
    ),
    house.floors: (
        [{"core/a.cc": "#include <unistd.h>\n"}, {"core/a.cc": "#include <openssl/evp.h>\n"}, {"crypto/a.h": '#include "runtime/log.h"\n'},
         {"runtime/a.cc": '#include "core/title/range.h"\n'}, {"player/native/a.cc": '#include "companions/commands.h"\n'},
         {"ngx_module/a.cc": '#include "runtime/log.h"\n'}, {"companions/a.cc": "#include <openssl/evp.h>\n"}],
        [{"core/a.cc": '#include <vector>\n#include <tl/expected.hpp>\n#include "core/base/bytes.h"\n',
          "crypto/a.cc": '#include <openssl/evp.h>\n#include "core/base/bytes.h"\n', "runtime/a.cc": "#include <unistd.h>\n"}],
    ),
    house.arrows: (
        [{"ngx_module/glue/a.h": '#include "ngx_module/store/store.h"\n'}, {"ngx_module/store/a.h": '#include "ngx_module/http/conf.h"\n'},
         {"ngx_module/store/a.h": '#include "ngx_module/live/channel.h"\n'}, {"companions/cms/a.cc": '#include "companions/agent/agent.h"\n'},
         {"core/base/a.h": '#include "core/title/range.h"\n'}],
        [{"ngx_module/http/a.cc": '#include "ngx_module/store/store.h"\n', "companions/cms/a.cc": '#include "companions/splitter/splitter.h"\n',
          "core/title/a.h": '#include "core/base/bytes.h"\n'}],
    ),
    house.core_has_no_effects: (
        [{"core/a.cc": "auto t = std::chrono::system_clock::now();\n"}, {"core/a.cc": 'getenv("HOME");\n'}],
        [{"core/a.cc": "clock.now();  // never std::chrono::system_clock::now()\n", "runtime/a.cc": "std::ifstream in;\n"}],
    ),
    house.errors_in_step: (
        [ERRORS | {"docs/errors.md": ""}, ERRORS | {"docs/errors.md": "| 401 | `oi` | … |\n"}, ERRORS | {"core/base/errors.cc": ""},
         ERRORS | {"docs/errors.md": ERRORS["docs/errors.md"] + "| 402 | `no_space` | … |\n"},
         ERRORS | {"core/base/errors.h": "  kIo = 401,\n  kNoSpace = 401,\n"}],
        [ERRORS],
    ),
    house.directives_in_step: (
        [DIRECTIVES | {"docs/directives.md": ""}, DIRECTIVES | {"README.md": ""},
         DIRECTIVES | {"docs/directives.md": "### weir_root\n### weir_rout\n"}, DIRECTIVES | {"conf.d/a.conf": "weir_rout /srv;\n"}],
        [DIRECTIVES | {"conf.d/a.conf": "weir_root /srv;\n"}],
    ),
    house.folders_have_readmes: (
        [{"core/base/a.h": ""}, {"script/test": ""}],
        [{"core/README.md": "", "core/base/README.md": "", "core/base/a.h": ""}],
    ),
    house.files_stay_small: (
        [{"core/a.cc": "\n" * 501}],
        [{"core/a.cc": "\n" * 500, "core/b.cc": "// Long because one table is one thing.\n" + "\n" * 600, "LICENSE": "\n" * 600}],
    ),
    house.locks_name_no_host: (
        [{"t/e2e/package-lock.json": '"resolved": "https://registry.example/a.tgz",\n'}, {"t/e2e/.npmrc": "registry=https://registry.example\n"}],
        [{"t/e2e/package-lock.json": '"integrity": "sha512-x",\n"funding": "https://example.org"\n'}],
    ),
    house.packages_run_on_debians_node: (
        [{"package-lock.json": '{"packages": {"a": {"engines": {"node": "^20.19.0 || >=22.12.0"}}}}'}, {"a/package.json": '{"engines": {"node": ">=20"}}'}],
        [{"package-lock.json": '{"packages": {"a": {"engines": {"node": "^18.0.0 || >=20"}}, "b": {"optional": true, "engines": {"node": ">=99"}}}}'}],
    ),
    house.no_place_of_one_machine: (
        [{"a.md": "see /" "work/a\n"}, {"a.sh": "cd '/home/jo/weir'\n"}, {"a.ts": "from '/root/x'\n"}],
        [{"a.md": "see run/" "work/a, https://example.org/root/x and /srv/weir\n"}],
    ),
    house.tests_take_free_ports: (
        [{"t/nginx/a.t": "get('127.0.0.1:8080')\n"}, {"t/nginx/a.t": "    listen 8081;\n"}],
        [{"t/nginx/a.t": "get('127.0.0.1:%%PORT%%')\n", "t/unit/core/a_test.cc": '"http://127.0.0.1:8080/"\n'}],
    ),
    house.tests_wait_on_conditions: (
        [{"t/nginx/a.t": "sleep 1;\n"}, {"t/unit/a_test.cc": "std::this_thread::sleep_for(1s);\n"}, {"t/e2e/a.ts": "await page.waitForTimeout(100);\n"},
         {"t/nginx/a.t": "select(undef, undef, undef, 1);\n"}],
        [{"t/nginx/a.t": "select(undef, undef, undef, 0.02);  # poll\n", "runtime/a.cc": "usleep(5);\n"}],
    ),
    house.skips_say_why: (
        [{"t/unit/a_test.cc": "GTEST_SKIP();\n"}, {"t/unit/a_test.cc": "TEST(A, DISABLED_B)\n"}, {"t/e2e/a.ts": "test.only('x'\n"}],
        [{"t/unit/a_test.cc": 'GTEST_SKIP() << "no root";\n'}],
    ),
    house.nothing_left_open: ([{"core/a.h": "// TODO: later\n"}, {"docs/a.md": "FIXME\n"}], [{"core/a.h": "// todo list\n"}]),
    house.pages_name_what_exists: (
        [{"README.md": "see [this](docs/none.md)\n"}, {"docs/a.md": "see `core/base/none.h`\n"}, {"docs/a.md": "[up](../none.md#x)\n"}],
        [{"README.md": "[a](docs/a.md#b) [site](https://example.org/)\n", "docs/a.md": "[up](../README.md), `docs/a.md`\n"}],
    ),
    tools.shell_is_clean: ([{"script/a": "#!/usr/bin/env bash\ncd $1\n"}], [{"script/a": '#!/usr/bin/env bash\necho "$1"\n'}]),
    tools.code_is_formatted: ([{"core/a.cc": "int  main( ){return 0;}\n"}], [{"core/a.cc": FORMATTED}]),
    tools.tidy_is_content: (
        [{"core/base/a.cc": "#include <vector>\nint f(std::vector<int> v) { return v.size() == 0 ? 1 : 0; }\n"}, {"README.md": ""}],
        [{"core/base/a.cc": FORMATTED}],
    ),
}

ROOT = pathlib.Path(__file__).resolve().parents[2]


def findings(check, texts):
    if check.__module__ != "tools":
        return list(check(Tree(texts)))
    with tempfile.TemporaryDirectory() as place:
        for name, text in (texts | {n: (ROOT / n).read_text() for n in (".clang-format", ".clang-tidy")}).items():
            path = pathlib.Path(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run(["git", "init", "-q", place], check=True)
        if "core/base/a.cc" in texts:
            database = pathlib.Path(place, "build/dev/compile_commands.json")
            database.parent.mkdir(parents=True)
            database.write_text(f'[{{"directory": "{place}", "file": "{place}/core/base/a.cc", "command": "c++ -std=c++20 -o a.o -c {place}/core/base/a.cc"}}]')
        return list(check(Tree.of_repository(place)))


print(f"1..{len(house.CHECKS) + len(tools.CHECKS)}")
bad = 0
for number, check in enumerate(house.CHECKS + tools.CHECKS, 1):
    wrong, right = CASES.get(check, ([], []))
    missed = [case for case in wrong if not findings(check, case)]
    alarms = [found for case in right for found in findings(check, case)]
    good = wrong and right and not missed and not alarms
    bad += not good
    print(f"{'' if good else 'not '}ok {number} - {check.__name__} can fail, and need not")
    for case in missed:
        print(f"#   did not notice {case}", file=sys.stderr)
    for alarm in alarms:
        print(f"#   false alarm: {alarm}", file=sys.stderr)
sys.exit(bool(bad))
