#!/usr/bin/env python3
"""Runs the end-to-end suites: every *_test.py beside this file, each in a process of its own.

    run.py [--binary build/release/woad] [--jobs 2] [suite …]

A suite's log is build/e2e/<binary's folder>/<suite>.log. WOAD_FULL=1 runs the long variants.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ALONE = {"reload", "bodies"}  # they measure memory or saturate the machine


def run_suite(name, binary, logs, seconds):
    log = logs / f"{name}.log"
    env = {**os.environ, "WOAD": str(binary), "PYTHONDONTWRITEBYTECODE": "1",
           "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:quarantine_size_mb=4",
           "TSAN_OPTIONS": "halt_on_error=0:exitcode=66"}
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "unittest", "-v", f"{name}_test"], cwd=HERE, env=env,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            out.write(f"\nTIMEOUT: over {seconds} s\n")
        finally:  # the suite's own session: itself and what it started
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
    text = log.read_text(encoding="utf-8", errors="replace")
    passed = len(re.findall(r"^(?:test_\w+ \(.*|.*)\.\.\. ok$", text, re.M))
    bad = re.findall(r"^(?:FAIL|ERROR): (.*?)(?: \(|$)", text, re.M)
    if not re.search(r"^(OK|FAILED)", text, re.M):
        bad.append("did not end")
    left_out = re.findall(r"skipped ['\"](LEFT OUT: .*)['\"]$", text, re.M)
    return name, passed, bad, dict.fromkeys(left_out), log


def report(name, passed, bad, left_out, log):
    print(f"   {'✗' if bad else '✓'} {name:<17}{passed:>4} ok{len(bad):>4} bad", flush=True)
    for test in dict.fromkeys(bad):
        print(f"       {test}   {os.path.relpath(log)}", flush=True)
    for why in left_out:
        print(f"   ! {name}: {why}", flush=True)
    return passed, len(bad)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default="build/release/woad")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=int, default=900 if os.environ.get("WOAD_FULL") else 240,
                        help="limit of one suite")
    parser.add_argument("suites", nargs="*")
    args = parser.parse_args()
    binary = args.binary.resolve()
    logs = HERE.parent.parent / "build" / "e2e" / binary.parent.name
    logs.mkdir(parents=True, exist_ok=True)
    names = args.suites or sorted(p.name[:-8] for p in HERE.glob("*_test.py"))
    total = [0, 0]

    def add(result):
        for index, number in enumerate(report(*result)):
            total[index] += number

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        crowd = [pool.submit(run_suite, n, binary, logs, args.seconds) for n in names
                 if n not in ALONE]
        for done in concurrent.futures.as_completed(crowd):
            add(done.result())
    for name in names:
        if name in ALONE:
            add(run_suite(name, binary, logs, args.seconds))
    print(f"e2e total: {total[0]} ok, {total[1]} bad")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
