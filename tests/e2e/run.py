#!/usr/bin/env python3
"""Runs the end-to-end suites: every *_test.py beside this file, each in a process of its own.

    run.py [--binary build/release/woad] [--jobs 2] [suite …]

A suite's log is build/e2e/<binary's folder>/<suite>.log. WOAD_FULL=1 runs the long variants.
A suite that fails beside others has a second run alone, which counts: an overloaded machine is no
fault of the binary. Both are told of.
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
SHOWN_LINES = 40  # of a failure's text


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
    if bad:
        told = log.read_text(encoding="utf-8", errors="replace").split("=" * 70, 1)[-1]
        print("".join(f"       | {line}\n" for line in told.strip().split("\n")[:SHOWN_LINES]), flush=True)
    for why in left_out:
        print(f"   ! {name}: {why}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default="build/release/woad")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=int, default=900 if os.environ.get("WOAD_FULL") else 400,
                        help="limit of one suite")
    parser.add_argument("suites", nargs="*")
    args = parser.parse_args()
    binary = args.binary.resolve()
    logs = HERE.parent.parent / "build" / "e2e" / binary.parent.name
    logs.mkdir(parents=True, exist_ok=True)
    names = args.suites or sorted(p.name[:-8] for p in HERE.glob("*_test.py"))
    results = {}

    def run(name):
        return run_suite(name, binary, logs, args.seconds)

    def keep(result):
        report(*result)
        results[result[0]] = result

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        crowd = [pool.submit(run, n) for n in names if n not in ALONE]
        for done in concurrent.futures.as_completed(crowd):
            keep(done.result())
    for name in names:
        if name in ALONE:
            keep(run(name))
    for name, _, bad, *_ in list(results.values()):
        if bad and name not in ALONE:
            print(f"   ! {name} failed beside others; once more, alone:", flush=True)
            keep(run(name))
    passed, failed = (sum(count(r) for r in results.values())
                      for count in (lambda r: r[1], lambda r: len(r[2])))
    print(f"e2e total: {passed} ok, {failed} bad")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
