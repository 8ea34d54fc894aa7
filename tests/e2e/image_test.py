"""The container image, unpacked and run from its own root, read-only: WOAD_IMAGE names the OCI archive that
`./dev image --oci FILE` made."""
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile

import unittest

from support.suite import *

IMAGE = os.environ.get("WOAD_IMAGE", "")
MOST_BYTES = 30_000_000  # compressed


class Archive:
    """An OCI image layout in a tar file (OCI image-spec 1.0)."""

    def __init__(self, path):
        self.path = path
        self.manifest = self.document(self.json("index.json")["manifests"][0])
        self.config = self.document(self.manifest["config"])

    def member(self, name):
        with tarfile.open(self.path) as archive:
            return archive.extractfile(name).read()

    def json(self, name):
        return json.loads(self.member(name))

    def blob(self, descriptor):
        """Its bytes, which are what its digest says."""
        kind, digest = descriptor["digest"].split(":")
        content = self.member(f"blobs/{kind}/{digest}")
        assert hashlib.new(kind, content).hexdigest() == digest
        return content

    def document(self, descriptor):
        return json.loads(self.blob(descriptor))

    def bytes(self):
        return sum(layer["size"] for layer in self.manifest["layers"])

    def unpack(self, folder):
        for number, layer in enumerate(self.manifest["layers"]):
            path = os.path.join(folder, f".layer-{number}")
            with open(path, "wb") as file:
                file.write(gzip.decompress(self.blob(layer)))
            with tarfile.open(path) as content:
                content.extractall(folder, filter="fully_trusted")
            os.unlink(path)


@unittest.skipUnless(IMAGE, "LEFT OUT: no image: ./dev image --oci FILE, then WOAD_IMAGE=FILE")
class Image(Suite):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="woad-image-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.archive = Archive(IMAGE)
        cls.root = os.path.join(cls.folder.name, "root")
        os.mkdir(cls.root)
        cls.archive.unpack(cls.root)
        os.chmod(cls.folder.name, 0o755)

    def test_what_it_says_of_itself(self):
        config = self.archive.config["config"]
        self.assertEqual(config["User"], "1337:1337")
        self.assertEqual(config["Entrypoint"], ["woad"])
        self.assertEqual(config["Cmd"], ["run", "-c", "/etc/woad/woad.yaml"])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        version = run("version")[1].split()[1]
        self.assertEqual(config["Labels"]["org.opencontainers.image.version"], version)
        for label in ("title", "description", "revision"):
            self.assertTrue(config["Labels"].get(f"org.opencontainers.image.{label}"))

    def test_what_is_in_it(self):
        self.assertLessEqual(self.archive.bytes(), MOST_BYTES)
        self.assertEqual(os.listdir(os.path.join(self.root, "usr/bin")), ["woad"])
        for path in ("etc/ssl/certs/ca-certificates.crt", "etc/passwd"):
            self.assertGreater(os.path.getsize(os.path.join(self.root, path)), 0)
        for folder, _, names in os.walk(self.root):
            for name in names:
                mode = os.lstat(os.path.join(folder, name)).st_mode
                self.assertFalse(mode & 0o6000, f"setuid: {folder}/{name}")

    def inside(self, *words, user="1337:1337", folder="", network=False):
        """A command line that runs woad of the image, its root read-only, /etc/woad being `folder`."""
        if os.geteuid() != 0 or subprocess.run(["unshare", "-mn", "true"], capture_output=True,
                                               check=False).returncode:
            self.skipTest("LEFT OUT: unshare -mn is not permitted here")
        mount = ('mount --bind "$0" "$0" && { [ -z "$1" ] || mount --bind "$1" "$0/etc/woad"; } && '
                 'mount -o remount,bind,ro "$0" && shift 2 && exec "$@"')
        return ["unshare", "-mn" if network else "-m", "sh", "-c", mount, self.root, folder, "-",
                "chroot", f"--userspec={user}", self.root, "/usr/bin/woad", *words]

    def answers(self, user):
        """Serves a dyed request as that user, and ends well."""
        red, base = self.origin("red"), self.origin("base")
        admin, outbound = free_port(), free_port()
        with tempfile.TemporaryDirectory(prefix="woad-config-") as folder:
            os.chmod(folder, 0o755)
            config = {"node": {"service": "me"}, "admin": {"address": f"127.0.0.1:{admin}"},
                      "outbound": [{"address": f"127.0.0.1:{outbound}"}],
                      "services": {"price": {"endpoints": [
                          {"address": base.address},
                          {"address": red.address, "labels": {"color": "red"}}]}}}
            with open(os.path.join(folder, "woad.yaml"), "w", encoding="utf-8") as file:
                json.dump(config, file)
            process = subprocess.Popen(
                self.inside(*self.archive.config["config"]["Cmd"], user=user, folder=folder),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            code, _, err = run("wait", "--admin", f"127.0.0.1:{admin}")
            if code:
                process.kill()
                self.fail(err + process.stderr.read())
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                self.assertIn(f"\nUid:\t{user.split(':')[0]}\t", file.read())
            for headers, want in (([], base), ([("x-woad-color", "red")], red)):
                response = fetch(outbound, headers=headers, host="price")
                self.assertEqual(response.status, 200, response.body)
                self.assertEqual(len(want.requests), 1)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 0, process.stderr.read())

    def test_runs_as_its_user(self):
        self.answers("1337:1337")

    def test_runs_as_an_arbitrary_user(self):
        self.answers("1000660000:0")

    def test_redirects(self):
        """The library of the image does it: there is no program."""
        script = self.inside("redirect", "--backend", "nft", user="0:0", network=True)
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("redirected by nft", done.stdout)

    def test_every_command_runs(self):
        for words in (["version"], ["--help"], ["redirect", "--dry-run"], ["redirect", "--dry-run", "--user", "woad"]):
            done = subprocess.run(self.inside(*words), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


@unittest.skipUnless(IMAGE and shutil.which("dpkg"), "LEFT OUT: no image")
class Libraries(Suite):
    def test_nothing_is_missing(self):
        """Every library that something in it names is in it."""
        with tempfile.TemporaryDirectory(prefix="woad-image-") as root:
            Archive(IMAGE).unpack(root)
            have = {name for _, _, names in os.walk(root) for name in names}
            for folder, _, names in os.walk(os.path.join(root, "usr")):
                for name in names:
                    if name != "woad" and ".so" not in name:
                        continue
                    said = subprocess.run(["objdump", "-p", os.path.join(folder, name)], capture_output=True,
                                          text=True, check=False).stdout
                    for line in said.splitlines():
                        if line.split()[:1] == ["NEEDED"]:
                            self.assertIn(line.split()[1], have, name)
