#!/usr/bin/env python3
"""Runs h2spec, strict, against the sidecar's cleartext HTTP/2 and says which of its tests fail.

KNOWN names those that cannot pass and why; one that fails without standing there fails the run.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

# section and test, as h2spec names them -> the reason
KNOWN = {}


def failures(report):
    """(passed, [(section: test, what happened)])"""
    passed, failed = 0, []
    for case in tree.parse(report).iter("testcase"):
        name = f"{case.get('package')}: {case.get('classname')}"
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        if problem is not None:
            failed.append((name, " ".join((problem.text or "").split())))
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--binary", required=True)
    args = parser.parse_args()
    os.environ["WOAD"] = args.binary
    from support.suite import Origin, Reply, Sidecar

    async def answer(request):
        await request.read()
        return Reply(body=b"hello")

    with Origin(handler=answer) as origin, tempfile.TemporaryDirectory() as folder:
        woad = Sidecar(inbound=[{"address": "127.0.0.1:@inbound@", "app": origin.address,
                                 "mtls": "off"}])
        report = os.path.join(folder, "report.xml")
        try:
            subprocess.run([args.tool, "-S", "-h", "127.0.0.1", "-p", str(woad.inbound), "-o", "3",
                            "-j", report], check=False, timeout=540)
        finally:
            woad.stop(check=False)
        passed, failed = failures(report)
    excused = [row for row in failed if row[0] in KNOWN]
    bad = [row for row in failed if row[0] not in KNOWN]
    for name, what in excused:
        print(f"  known   {name}: {KNOWN[name]}")
    for name, what in bad:
        print(f"  FAILED  {name}: {what}")
    print(f"h2spec: {passed} ok, {len(excused)} known losses, {len(bad)} bad")
    return 1 if bad or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
