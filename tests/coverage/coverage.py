#!/usr/bin/env python3
"""Lines that the tests ran, of the parts that must not be wrong; by what gcov says of a build with
--coverage in which they ran.

    coverage.py --build build/coverage [--least 90] [--missed]

--missed lists the lines that no test ran. Ends with 1 when a part is below --least percent.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# A part's files, by the beginnings of their paths.
PARTS = {
    "codecs": ("proxy/http/h1/", "proxy/http/h2/", "proxy/http/tcp/", "proxy/http/detect."),
    "validators": ("proxy/http/validate.", "proxy/http/authority.", "proxy/http/headers.",
                   "proxy/exchange/request_rules."),
    "forwarder": ("proxy/exchange/forwarder", "proxy/exchange/attempt."),
    "retry": ("filters/retry/",),
    "breaker": ("filters/circuit_breaker/", "proxy/upstream/breaker.", "proxy/upstream/ejection.",
                "proxy/upstream/outcome_window."),
    "balancers": ("proxy/upstream/balancer.", "proxy/upstream/affinity.", "proxy/upstream/peak_ewma.",
                  "proxy/upstream/pool_choice."),
}


def counts_of(gcda):
    """{file below the root: {line: times}} of one object."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", gcda.name], cwd=gcda.parent,
                          capture_output=True, check=True)
    found = {}
    for text in done.stdout.decode().splitlines():
        report = json.loads(text)
        for file in report["files"]:
            # Headers are seen through links: woad_library in CMakeLists.txt.
            path = pathlib.Path(os.path.realpath(
                os.path.join(report["current_working_directory"], file["file"])))
            if path.is_relative_to(ROOT):
                lines = found.setdefault(str(path.relative_to(ROOT)), collections.Counter())
                for line in file["lines"]:
                    lines[line["line_number"]] += line["count"]
    return found


def part_of(path):
    if path.endswith("_test.cc"):
        return None
    return next((part for part, starts in PARTS.items() if path.startswith(starts)), None)


def gather(build):
    """{part: {file: {line: times}}} of all objects."""
    parts = {part: {} for part in PARTS}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(counts_of, sorted(build.rglob("*.gcda"))):
            for path, lines in found.items():
                if part := part_of(path):
                    parts[part].setdefault(path, collections.Counter()).update(lines)
    return parts


def percent(files):
    counts = [count for lines in files.values() for count in lines.values()]
    run = sum(count > 0 for count in counts)
    return run, len(counts), 100 * run / len(counts) if counts else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--least", type=float, default=90)
    parser.add_argument("--missed", action="store_true")
    args = parser.parse_args()
    low = 0
    for part, files in gather(args.build.resolve()).items():
        run, lines, share = percent(files)
        low += share < args.least
        print(f"{'✗' if share < args.least else '✓'} {part:<12}{share:6.1f} %  {run} of {lines} lines")
        if args.missed:
            for path, counts in sorted(files.items()):
                missed = [str(line) for line in sorted(counts) if counts[line] == 0]
                if missed:
                    print(f"    {path}: {' '.join(missed)}")
    print(f"coverage: {len(PARTS) - low} ok, {low} bad")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
