#!/usr/bin/env python3
"""Includes go down only, and a third-party library is seen in one folder only.

The order is that of proxy/ARCHITECTURE.md. Exit 1 with one line a breach; sizes only warn.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# folder -> the folders it may include from, besides itself. A file belongs to its longest prefix.
# The build sees to the same by folder (woad_library in CMakeLists.txt); this is exact.
BASE = ["proxy/base"]
HTTP = BASE + ["proxy/observe", "proxy/net"]
CODEC = HTTP + ["proxy/http"]
UPSTREAM = CODEC + ["proxy/http/h1", "proxy/http/h2", "proxy/http/tcp", "proxy/net/tls"]
FILTER = UPSTREAM + ["proxy/match", "proxy/context", "proxy/upstream", "config"]
SNAPSHOT = FILTER + ["proxy/filter"]
EXCHANGE = SNAPSHOT + ["proxy/snapshot"]
SERVER = EXCHANGE + ["proxy/exchange", "proxy/client", "proxy/member", "proxy/health", "proxy/log", "proxy/explain", "proxy/otlp", "proxy/web", "proxy/admin"]
MAY_SEE = {
    "proxy/base": [],
    "proxy/compress": BASE,
    "proxy/observe": BASE,
    "proxy/net": BASE,
    "proxy/net/tls": BASE + ["proxy/net"],
    "proxy/net/local_ca": BASE + ["proxy/net", "proxy/net/tls"],
    "proxy/http": HTTP,
    "proxy/http/h1": CODEC,
    "proxy/http/h2": CODEC,
    "proxy/http/tcp": CODEC,
    "proxy/log": BASE + ["config"],
    "proxy/yaml": BASE + ["config"],
    "proxy/web": UPSTREAM,
    "proxy/webhook": UPSTREAM + ["proxy/web", "proxy/yaml", "proxy/inject", "config"],
    "proxy/inject": BASE + ["proxy/net", "proxy/net/tls", "proxy/yaml", "config"],
    "proxy/control/store": BASE + ["proxy/net"],
    "proxy/control/store/directory": BASE + ["proxy/net", "proxy/control/store"],
    "proxy/control/store/etcd": UPSTREAM + ["proxy/upstream", "proxy/client", "proxy/web", "proxy/control/store"],
    "proxy/control/stores": BASE + ["proxy/net", "proxy/control/store", "proxy/control/store/directory",
                                    "proxy/control/store/etcd", "proxy/control/store/kubernetes"],
    "proxy/control/store/kubernetes": UPSTREAM + ["proxy/upstream", "proxy/client", "proxy/yaml", "proxy/control/store",
                                                  "config"],
    "proxy/control/documents": SNAPSHOT + ["proxy/snapshot", "proxy/yaml", "proxy/control/store"],
    "proxy/control/plane": EXCHANGE + ["proxy/compress", "proxy/client", "proxy/web", "proxy/webhook", "proxy/inject",
                                       "proxy/control/documents", "proxy/control/fleet", "proxy/control/store",
                                       "proxy/control/stores"],
    "proxy/control/fleet": BASE + ["proxy/compress", "proxy/control/documents"],
    "proxy/match": CODEC + ["proxy/net/tls", "config"],
    "proxy/context": CODEC + ["proxy/match"],
    "proxy/upstream": UPSTREAM,
    "proxy/filter": FILTER,
    "proxy/snapshot": SNAPSHOT,
    "proxy/client": UPSTREAM + ["proxy/upstream", "config"],
    "proxy/member": UPSTREAM + ["proxy/upstream", "proxy/client", "proxy/compress", "proxy/match", "proxy/log", "config"],
    "proxy/health": EXCHANGE + ["proxy/client", "proxy/log"],
    "proxy/exchange": EXCHANGE,
    "proxy/explain": EXCHANGE + ["proxy/exchange"],
    "proxy/otlp": UPSTREAM + ["proxy/upstream", "proxy/client", "proxy/log", "config"],
    "proxy/admin": EXCHANGE + ["proxy/exchange", "proxy/explain", "proxy/web", "proxy/client"],
    "proxy/server": SERVER,
    "proxy/redirect": BASE + ["config"],
    "proxy": SERVER + ["proxy/server", "proxy/net/local_ca", "proxy/redirect", "proxy/yaml",
                       "proxy/inject", "proxy/web", "proxy/webhook", "proxy/client", "proxy/control/store", "proxy/control/store/directory", "proxy/control/documents",
                       "proxy/control/stores", "proxy/control/plane", "filters"],  # the command line, main.cc
    "config": BASE,
    "filters": FILTER + ["proxy/filter"],
}

# header pattern -> the folders where it may be seen
THIRD_PARTY = {
    r"uv\.h$|uv/": ["proxy/net"],
    r"openssl/": ["proxy/net/tls", "proxy/net/local_ca"],
    r"ares": ["proxy/net"],
    r"llhttp": [],
    r"nghttp2/": ["proxy/http/h2"],
    r"yaml-cpp/": ["config", "proxy/yaml"],
    r"nlohmann/": ["config", "proxy/base", "proxy/yaml", "proxy/inject", "proxy/log", "proxy/explain", "proxy/otlp", "proxy/admin", "proxy/member",
                    "proxy/control/documents", "proxy/control/fleet", "proxy/control/plane", "proxy/control/store/etcd", "proxy/control/store/kubernetes"],
    r"re2/": ["proxy/match"],
    r"zstd": ["proxy/compress"],
    r"xxhash": ["config", "proxy/base", "proxy/context"],
    r"CLI/": ["proxy"],
    r"nftables/": ["proxy/redirect"],
    r"spdlog/|fmt/": ["proxy/log"],
    r"doctest": [],
}
# A filter with settings has config.h and config.cc beside these.
FILTER_FILES = ["filter.h", "filter.cc", "filter_test.cc", "example.yaml", "README.md"]
# A forward declaration, and the beginning of a definition.
DECLARED = re.compile(r"^(?:template <[^>]*>\s*)?(?:class|struct|enum class|enum)\s+(\w+)\s*(?::\s*\w+)?;")
DEFINED = re.compile(r"^\s*(?:class|struct|enum class|enum)\s+(?:\[\[\w+\]\]\s*)?(\w+)\s*[^;()]*\{")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MAX_LINES = 400


def folder_of(path):
    """The layer a path under the root belongs to, or None."""
    best = max((f for f in MAY_SEE if path.startswith(f + "/")), key=len, default=None)
    return best


def check_include(where, folder, quoted, header, is_test):
    if quoted:
        target = folder_of(header)
        if target is None:
            if header.startswith("tests/") and is_test:
                return None
            return f"{where}: \"{header}\": includes are named from the root of the repository"
        if is_test or target == folder or target in MAY_SEE[folder]:
            if target == "filters" and folder == "filters":
                return check_sibling_filter(where, header)
            return None
        return f"{where}: {folder} may not see {target} ({header})"
    for pattern, folders in THIRD_PARTY.items():
        if re.match(pattern, header) and folder not in folders:
            if is_test and pattern == "doctest":
                return None
            return f"{where}: <{header}> is seen only in {', '.join(folders) or 'tests'}"
    return None


def check_sibling_filter(where, header):
    """A filter knows its own folder; only the registry knows all."""
    mine, other = where.split("/")[1], header.split("/")[1]
    if mine == other or "/" not in where.split("/", 1)[1] or "/" not in header.split("/", 1)[1]:
        return None
    return f"{where}: a filter may not see another filter ({header})"


def check_file(relative, lines):
    folder = folder_of(relative)
    is_test = relative.endswith("_test.cc")
    errors = []
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if found and folder:
            error = check_include(f"{relative}:{number}", folder, found[1] == '"', found[2],
                                  is_test)
            if error:
                errors.append(error)
    if len(lines) > MAX_LINES:
        print(f"warning: {relative} has {len(lines)} lines; one idea a file is at most {MAX_LINES}")
    return errors


def check_declarations(sources):
    """A type that a folder may not include it may not name by a forward declaration either."""
    homes = {}
    for relative, lines in sources.items():
        for line in lines:
            found = DEFINED.match(line)
            if found:
                homes.setdefault(found[1], set()).add(folder_of(relative))
    errors = []
    for relative, lines in sources.items():
        folder = folder_of(relative)
        for number, line in enumerate(lines, 1):
            found = DECLARED.match(line)
            if not found or relative.endswith("_test.cc"):
                continue
            above = homes.get(found[1], set()) - {folder} - set(MAY_SEE[folder])
            if above and above == homes[found[1]]:
                errors.append(f"{relative}:{number}: {folder} may not name {found[1]} "
                              f"of {', '.join(sorted(above))}")
    return errors


def check_filter_folders():
    errors = []
    base = ROOT / "filters"
    for folder in sorted(p for p in base.iterdir() if p.is_dir()) if base.exists() else []:
        for name in FILTER_FILES:
            if not (folder / name).exists():
                errors.append(f"filters/{folder.name}: {name} is missing")
    return errors


def main():
    sources = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").splitlines()
               for top in ("proxy", "filters", "config")
               for path in sorted((ROOT / top).rglob("*.[hc]*")) if path.suffix in (".h", ".cc")}
    errors = []
    for relative, lines in sources.items():
        errors += check_file(relative, lines)
    errors += check_declarations(sources)
    errors += check_filter_folders()
    for error in errors:
        print(error, file=sys.stderr)
    print(f"layers: {len(sources)} files, {len(errors)} breaches")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
