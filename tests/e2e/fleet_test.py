"""The control plane and sidecars together: real processes, a real etcd."""
import os
import signal
import socket
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from support.etcd import AVAILABLE, Etcd
from support.fleet import MESH, Member, Plane
from support.suite import *

SHORT = "control: { lease: 4s, heartbeat: 1s }\n"


class Fleet(Suite):
    def etcd(self, mesh=MESH + SHORT, **services):
        etcd = Etcd()
        self.addCleanup(etcd.close)
        etcd.put("mesh.yaml", mesh)
        for name in ("cart", "price"):
            etcd.put(f"services/{name}.yaml", services.get(name, "service: {}\n"))
        return etcd

    def plane(self, store, *args, **more):
        plane = Plane(store, *args, **more)
        self.addCleanup(lambda: plane.stop(check=not self.failed()))
        return plane

    def member(self, service, *planes, **more):
        member = Member(service, [plane.url for plane in planes], **more)
        self.addCleanup(lambda: member.stop(check=not self.failed()))
        return member

    def answers(self, caller, name, color=None, service="price"):
        return until(lambda: caller.ask(service, color) == (200, name))

    def folder(self, mesh=MESH + SHORT, **services):
        folder = tempfile.TemporaryDirectory(prefix="woad-store-")
        self.addCleanup(folder.cleanup)
        os.mkdir(os.path.join(folder.name, "services"))
        self.put(folder.name, "mesh.yaml", mesh)
        for name in ("cart", "price"):
            self.put(folder.name, f"services/{name}.yaml", services.get(name, "service: {}\n"))
        return folder.name

    @staticmethod
    def put(folder, name, text):
        path = os.path.join(folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)


class WithoutEtcd(Fleet):
    def test_nothing_but_variables(self):
        plane = self.plane(f"dir:{self.folder()}")
        price = self.member("price", plane)
        cart = self.member("cart", plane)
        self.assertTrue(self.answers(cart, "price-1"))
        self.assertEqual(cart.json("/config/status")["source"], cart.path)
        self.assertEqual(cart.metrics("woad_control_plane_connected"), 1)
        self.assertIn("version", cart.file())
        self.assertEqual(plane.instances("price"), {"price-1"})
        price.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: plane.instances("price") == set()), "no goodbye")
        self.assertEqual(price.process.wait(60), 0)

    def test_the_plane_dies_and_comes_back_elsewhere(self):
        store = f"dir:{self.folder()}"
        plane, later = self.plane(store), self.plane(store)
        later.kill()
        self.member("price", plane, later)
        cart = self.member("cart", plane, later)
        self.assertTrue(self.answers(cart, "price-1"))
        plane.kill()
        self.assertTrue(until(lambda: cart.metrics("woad_control_plane_connected") == 0))
        self.assertTrue(until(lambda: "warning" in cart.get("/readyz")[1]))
        self.assertEqual(cart.get("/readyz")[0], 200)
        for _ in range(50):
            self.assertEqual(cart.ask("price"), (200, "price-1"))
        later.start()
        self.assertTrue(until(lambda: cart.metrics("woad_control_plane_connected") == 1, 120))
        self.assertEqual(cart.ask("price"), (200, "price-1"))
        plane.start()

    def test_a_mistake_reaches_nobody(self):
        folder = self.folder()
        plane = self.plane(f"dir:{folder}")
        cart = self.member("cart", plane)
        before = cart.file()
        for mistake in ("inbond: []\n", "inbound: 5\n", "a: [\n", "outbound: [{address: nowhere}]\n"):
            with self.subTest(mistake=mistake):
                self.put(folder, "services/price.yaml", "service: {}\nsidecar:\n  " + mistake)
                found = until(plane.problems)
                self.assertTrue(found)
                self.assertIn("services/price.yaml", found[0]["document"])
                self.assertGreaterEqual(found[0]["line"], 3)
                self.assertEqual(cart.file(), before)
                self.put(folder, "services/price.yaml", "service: {}\n")
                self.assertTrue(until(lambda: not plane.problems()))
        os.unlink(os.path.join(folder, "mesh.yaml"))
        self.assertTrue(until(plane.problems))
        self.assertEqual(cart.file(), before)

    def test_what_one_cannot_take_halts_behind_step_one(self):
        folder = self.folder(MESH + "control: { rollout: { steps: [1, 100%], pause: 0s } }\n")
        plane = self.plane(f"dir:{folder}")
        members = [self.member("price", plane, instance=f"price-{i}") for i in range(3)]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.put(folder, "services/price.yaml", f"""\
service: {{}}
sidecar:
  outbound:
    - {{ address: "127.0.0.1:${{WOAD_OUTBOUND}}" }}
    - {{ address: "127.0.0.1:{taken.getsockname()[1]}" }}
""")
            self.assertTrue(until(lambda: plane.rollout("price")["state"] == "halted"))
            self.assertIn("use", plane.rollout("price")["error"])
            refused = [m for m in members if m.json("/config/status")["last_error"]]
            self.assertEqual(len(refused), 1)
            for member in members:  # the old bytes, everywhere
                self.assertNotIn(str(taken.getsockname()[1]), member.file())
        self.assertEqual(plane.call("/v1/rollouts/price/resume", "POST")[0] // 100, 2)
        self.assertTrue(until(lambda: plane.rollout("price")["state"] in ("done", "halted")))
        self.put(folder, "services/price.yaml", "service: {}\nsidecar: { limits: { buffer: 32KiB } }\n")
        self.assertTrue(until(lambda: plane.rollout("price")["state"] == "done"))
        for member in members:
            self.assertTrue(until(lambda m=member: "32KiB" in m.file()))

    def test_a_colour_comes_and_goes(self):
        plane = self.plane(f"dir:{self.folder()}")
        self.member("price", plane)
        cart = self.member("cart", plane)
        self.assertTrue(self.answers(cart, "price-1"))
        self.assertEqual(cart.ask("price", "red"), (200, "price-1"))
        red = self.member("price", plane, instance="price-red", color="red")
        self.assertTrue(self.answers(cart, "price-red", "red"))
        self.assertEqual(cart.ask("price"), (200, "price-1"))
        red.kill()
        self.assertTrue(until(lambda: plane.instances("price") == {"price-1"}))
        self.assertTrue(self.answers(cart, "price-1", "red"))
        red.start(env=red.variables())
        self.assertTrue(self.answers(cart, "price-red", "red"))

    def test_many_at_once_are_kept(self):
        plane = self.plane(f"dir:{self.folder(MESH + 'control: { lease: 3s, heartbeat: 1s }' + chr(10))}")
        names = [f"i{n}" for n in range(10)]

        def beat(which):
            for name in which:
                status, _ = plane.register("price", name, f"10.0.0.{name[1:]}:80")
                self.assertEqual(status, 200)

        def beat_on(check):
            def step():
                beat(names[4:])
                return check()
            return until(step, 60, 0.3)

        beat(names)
        self.assertEqual(plane.instances("price"), set(names))
        self.assertTrue(beat_on(lambda: plane.json("/v1/fleet")["protection"]["on"]))
        self.assertIn("protection is on", plane.call("/readyz", port=plane.admin)[1])
        self.assertEqual(plane.instances("price"), set(names))
        beat(names)
        self.assertTrue(until(
            lambda: beat(names) or not plane.json("/v1/fleet")["protection"]["on"], 60, 0.3))
        self.assertEqual(plane.call("/v1/instances/price/i0", "DELETE")[0], 204)
        self.assertNotIn("i0", plane.instances("price"))


@unittest.skipUnless(AVAILABLE, "no etcd")
class WithEtcd(Fleet):
    def test_two_replicas_agree(self):
        etcd = self.etcd()
        planes = [self.plane(f"etcd:{etcd.url}") for _ in range(2)]
        self.member("price", planes[1])
        cart = self.member("cart", planes[0])
        self.assertTrue(self.answers(cart, "price-1"))
        self.assertTrue(until(lambda: planes[0].instances("price") == planes[1].instances("price")))
        files = [p.call("/v1/config/cart?instance=x&wait=0s")[1] for p in planes]
        self.assertEqual(files[0], files[1])

    def test_etcd_away_killed_compacted(self):
        etcd = self.etcd()
        planes = [self.plane(f"etcd:{etcd.url}") for _ in range(2)]
        self.member("price", *planes)
        cart = self.member("cart", *planes)
        self.assertTrue(self.answers(cart, "price-1"))
        etcd.kill()
        for plane in planes:
            self.assertTrue(until(lambda p=plane: "warning" in p.ready()[1]), plane.ready())
            self.assertEqual(plane.ready()[0], 200)
        for _ in range(20):
            self.assertEqual(cart.ask("price"), (200, "price-1"))
        etcd.start()
        for plane in planes:
            self.assertTrue(until(lambda p=plane: "warning" not in p.ready()[1]), plane.ready())
        for number in range(5):  # compacted while it changes
            etcd.put("services/price.yaml", f"service: {{}}\nsidecar: {{ limits: {{ buffer: {number + 16}KiB }} }}\n")
            etcd.compact()
        etcd.pause()
        etcd.go_on()
        etcd.compact()
        red = self.member("price", *planes, instance="price-red", color="red")
        self.assertTrue(self.answers(cart, "price-red", "red"))
        self.assertTrue(until(lambda: "20KiB" in red.file()))

    def test_a_replica_killed_under_load(self):
        etcd = self.etcd()
        planes = [self.plane(f"etcd:{etcd.url}") for _ in range(2)]
        self.member("price", *planes)
        cart = self.member("cart", *planes)
        self.assertTrue(self.answers(cart, "price-1"))
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(cart.ask, "price") for _ in range(400)]
            planes[0].kill()
            self.assertEqual({each.result() for each in asked}, {(200, "price-1")})
        self.member("price", *planes, instance="price-red", color="red")
        self.assertTrue(self.answers(cart, "price-red", "red"))
        planes[0].start()

    def test_a_plane_without_its_store(self):
        etcd = self.etcd()
        etcd.kill()
        plane = self.plane(f"etcd:{etcd.url}", wait=False)
        self.assertTrue(until(lambda: plane.ready()[0] == 503))
        etcd.start()
        self.assertTrue(until(lambda: plane.ready()[0] == 200))
        self.member("price", plane)


if __name__ == "__main__":
    unittest.main()
