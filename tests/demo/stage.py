"""What the demos on loopback have in common: colours for people, and how one is run."""
import argparse
import os
import signal
import sys
import tempfile

TTY = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if TTY else text


def run(make, show, invite):
    """make(binary, folder): what is started and stopped. show(it): sentences that must not be, told
    already. invite(it): what to try, while it stays up. --once checks and ends. The exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--once", action="store_true", help="check and end")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="woad-demo-") as folder:
        it = make(os.path.abspath(args.binary), folder)
        try:
            it.start()
            wrong = show(it)
            if args.once or wrong:
                return 1 if wrong else 0
            invite(it)
            signal.pause()
        except (RuntimeError, OSError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
        finally:
            it.stop()
    return 0
