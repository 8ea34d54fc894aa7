#!/usr/bin/env python3
"""Runs the Kubernetes suites in namespaces of their own, which end with it, and so does all that was started in them.

    run.py [--binary build/release/woad] [suite …]

Logs are in build/kubernetes. `fetch.sh` brings the tools. Needs root, for the namespaces.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
DISK = "WOAD_KUBERNETES_DISK"


def apart(binary):
    """This program again, in network, process and mount namespaces of its own."""
    with tempfile.TemporaryDirectory(prefix="woad-kubernetes-") as disk:
        env = {**os.environ, DISK: disk, "WOAD": str(binary.resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
        spaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return subprocess.run([*spaces, sys.executable, __file__, *sys.argv[1:]], env=env, check=False).returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default=HERE.parent.parent / "build" / "release" / "woad")
    parser.add_argument("suites", nargs="*")
    args = parser.parse_args()
    if DISK not in os.environ:
        sys.exit(apart(args.binary))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", os.environ[DISK]], check=True)
    names = args.suites or sorted(path.name[:-8] for path in HERE.glob("*_test.py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames([f"{name}_test" for name in names])
    try:
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        from support.suite import stop_cluster
        stop_cluster()
    bad = {test.id().split(" ")[0] for test, _ in result.failures + result.errors}
    print(f"kubernetes: {result.testsRun - len(bad)} ok, {len(bad)} bad", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
