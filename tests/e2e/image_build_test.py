"""docker/build, `./dev image`: which tool it takes and what it asks of it. The tools are stand-ins that
note their command lines; the image itself is built and looked at by image_test.py."""
import os
import shutil
import stat
import subprocess
import tempfile
import unittest

from support.suite import *

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
TOOLS = "bash cat git grep head id mkdir mktemp rm sed stat tail tar timeout".split()
# FAIL: commands (tool and first words) that fail. SAYS: what a command prints.
STAND_IN = """#!/bin/bash
echo "${0##*/} $*" >>"$LOG"
echo -n "${SAYS[${0##*/} $*]}"
[ "${0##*/} $1" != "docker import" ] || cat >/dev/null
for one in "${FAIL[@]}"; do [[ "${0##*/} $*" != $one* ]] || exit 1; done
case "${0##*/} $1" in
  "buildah from") echo container ;;
  "docker export") tar -c -T /dev/null ;;
  "debootstrap "*) mkdir -p "$3/etc/apt" ;;
esac
"""


class Build(Suite):
    def build(self, *words, have, fails=(), says=None):
        """(exit code, what was said, the command lines of the tools)."""
        with tempfile.TemporaryDirectory(prefix="woad-tools-") as folder:
            for tool in TOOLS:
                os.symlink(shutil.which(tool), os.path.join(folder, tool))
            acting = ("FAIL=(" + " ".join(f"'{one}'" for one in fails) + ")\ndeclare -A SAYS=(" +
                      " ".join(f"['{one}']='{text}'" for one, text in (says or {}).items()) + ")\n")
            for tool in have:
                path = os.path.join(folder, tool)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(STAND_IN.replace("echo", acting + "echo", 1))
                os.chmod(path, stat.S_IRWXU)
            log = os.path.join(folder, "log")
            done = subprocess.run(["docker/build", *words], cwd=REPOSITORY, capture_output=True, text=True,
                                  env={"PATH": folder, "LOG": log, "HOME": folder}, check=False)
            with open(log, "a+", encoding="utf-8") as file:
                file.seek(0)
                return done.returncode, done.stderr, file.read()

    NO_BASE = ("docker inspect", "docker pull", "buildah inspect", "buildah pull")

    def test_docker_alone(self):
        code, said, asked = self.build("--load", have=["docker"], fails=["docker inspect"])
        self.assertEqual(code, 0, said)
        self.assertRegex(asked, r"docker build .*BASE=docker.io/library/debian:bookworm-slim .*-t woad:latest")

    def test_an_archive_by_docker(self):
        """By a builder that can write one: the current one, or one that is made."""
        daemons = {"docker buildx inspect": "Driver:        docker"}
        makes, uses = "buildx create --name woad --driver docker-container", "buildx build --builder woad "
        for says, fails, expected in (
                ({"docker buildx inspect": "Driver:        docker-container"}, (), ()),
                ({**daemons, "docker info": "driver-type: io.containerd.snapshotter.v1"}, (), ()),
                (daemons, (), (uses,)),
                (daemons, ("docker buildx inspect woad",), (makes, uses))):
            with self.subTest(says=says, fails=fails):
                code, said, asked = self.build("--oci", os.devnull, have=["docker"], says=says,
                                               fails=("docker inspect", *fails))
                self.assertEqual(code, 0, said)
                self.assertRegex(asked, r"docker buildx build .*--output type=oci,dest=/dev/null,rewrite-timestamp=true")
                self.assertEqual([one for one in (makes, uses) if one in asked], list(expected))
                self.assertNotIn("--build-context", asked)
        asked = self.build("--oci", os.devnull, have=["docker"], says=daemons)[2]
        self.assertIn("docker export", asked)
        self.assertIn("--build-context localhost/woad-base:bookworm=/", asked, "no registry has it")

    @unittest.skipUnless(os.geteuid() == 0, "LEFT OUT: only root makes a base")
    def test_a_base_of_our_own(self):
        """No registry answers: by docker as by buildah."""
        for tool, makes in (("docker", "docker import - localhost/woad-base"),
                            ("buildah", "buildah commit -q --rm container localhost/woad-base")):
            with self.subTest(tool):
                code, said, asked = self.build(have=[tool, "debootstrap"], fails=self.NO_BASE)
                self.assertEqual(code, 0, said)
                self.assertIn("Docker Hub does not answer", said)
                self.assertIn(makes, asked)
                self.assertRegex(asked, f"{tool} (build|bud) .*BASE=localhost/woad-base:bookworm")

    @unittest.skipUnless(os.geteuid() == 0, "LEFT OUT: buildah needs root")
    def test_load(self):
        """buildah's image gets to the daemon that the docker client speaks to, by both names."""
        code, said, asked = self.build("--load", have=["docker", "buildah"])
        self.assertEqual(code, 0, said)
        self.assertRegex(asked, r"buildah push -q woad:\S+ docker-archive:")
        self.assertIn("docker load ", asked)
        self.assertRegex(asked, r"docker tag woad:\S+ woad:latest")
        code, said, asked = self.build("--load", have=["docker", "buildah"], fails=["docker info"])
        self.assertEqual(code, 0, said)
        self.assertIn("no docker daemon answers", said)

    def test_what_is_missing(self):
        for words, have, fails, why in (
                ((), [], (), "neither buildah nor a docker that runs"),
                ((), ["docker"], ("docker info",), "neither buildah nor a docker that runs"),
                (("--load",), ["docker"], self.NO_BASE, "debootstrap is not here|only root"),
                (("--oci", "x.tar"), ["docker"], ("docker buildx version",), "needs its plugin buildx")):
            with self.subTest(why):
                code, said, _ = self.build(*words, have=have, fails=fails)
                self.assertEqual(code, 1, said)
                self.assertRegex(said, why)
        self.assertEqual(self.build("--push", have=[])[0], 2)
