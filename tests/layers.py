#!/usr/bin/env python3
"""Includes go down only, and a third-party library is seen in one folder only.

The order is that of proxy/ARCHITECTURE.md. Exit 1 with one line a breach; sizes only warn.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# folder -> the folders it may include from, besides itself. A file belongs to its longest prefix.
HTTP = ["proxy/base", "proxy/observe", "proxy/net", "proxy/http"]
CODECS = HTTP + ["proxy/http/h1", "proxy/http/h2"]
UPSTREAM = CODECS + ["proxy/observe", "proxy/upstream"]
EXCHANGE = UPSTREAM + ["proxy/match", "proxy/context", "proxy/exchange", "config"]
SERVER = EXCHANGE + ["proxy/server", "filters"]
MAY_SEE = {
    "proxy/base": [],
    "proxy/net": ["proxy/base"],
    "proxy/http": ["proxy/base", "proxy/observe", "proxy/net"],
    "proxy/http/h1": HTTP,
    "proxy/http/h2": HTTP,
    "proxy/observe": ["proxy/base"],
    "proxy/match": ["proxy/base", "proxy/net", "proxy/http", "config"],
    "proxy/context": ["proxy/base", "proxy/http", "proxy/observe", "proxy/match"],
    "proxy/upstream": UPSTREAM,
    "proxy/exchange": EXCHANGE,
    "proxy/server": SERVER,
    "proxy": SERVER,  # main.cc
    "config": ["proxy/base"],
    "filters": ["proxy/base", "proxy/http", "proxy/observe", "proxy/match",
                "proxy/context", "config"],
}

# header pattern -> the folders where it may be seen
THIRD_PARTY = {
    r"uv\.h$|uv/": ["proxy/net"],
    r"openssl/": ["proxy/net"],
    r"ares": ["proxy/net"],
    r"llhttp": ["proxy/http/h1"],
    r"nghttp2/": ["proxy/http/h2"],
    r"yaml-cpp/": ["config"],
    r"nlohmann/": ["config", "proxy/server"],
    r"re2/": ["proxy/match"],
    r"xxhash": ["config", "proxy/context"],
    r"CLI/": ["proxy/server", "proxy"],
    r"spdlog/|fmt/": ["proxy/server", "proxy"],
    r"doctest": [],
}
FILTER_FILES = ["filter.h", "filter.cc", "config.h", "config.cc", "filter_test.cc", "example.yaml",
                "README.md"]
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


def check_file(path):
    relative = path.relative_to(ROOT).as_posix()
    folder = folder_of(relative)
    is_test = relative.endswith("_test.cc")
    errors = []
    lines = path.read_text(encoding="utf-8").splitlines()
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


def check_filter_folders():
    errors = []
    base = ROOT / "filters"
    for folder in sorted(p for p in base.iterdir() if p.is_dir()) if base.exists() else []:
        for name in FILTER_FILES:
            if not (folder / name).exists():
                errors.append(f"filters/{folder.name}: {name} is missing")
    return errors


def main():
    errors, count = [], 0
    for top in ("proxy", "filters", "config"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cc") and path.is_file():
                count += 1
                errors += check_file(path)
    errors += check_filter_folders()
    for error in errors:
        print(error, file=sys.stderr)
    print(f"layers: {count} files, {len(errors)} breaches")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
