"""Stores of `woad control`: a folder that people edit, and an etcd that comes to harm."""
import base64
import http.server
import os
import shutil
import signal
import threading
import unittest

from support.control import MESH, Control, Documents
from support.etcd import AVAILABLE, PREFIX, Etcd
from support.suite import *

CART = "uses: [price]\n"
PRICE = "service: { protocol: http1 }\n"
CHANGED = MESH + "limits: {{ client_connections: 300{} }}\n"


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


class StoreSuite(Suite):
    def control(self, store, ready=True):
        control = Control(store)
        self.addCleanup(control.close)
        return control.wait_until_ready() if ready else control

    def file(self, control, service="cart"):
        return control.poll(service, "one", wait="0s").body.decode()

    def good(self, control, service="cart"):
        """Once there is one: a new service's first file is written down before it is served."""
        self.assertTrue(until(lambda: control.poll(service, "one", wait="0s").status == 200, 60))
        return self.file(control, service)

    def assert_comes(self, control, text, service="cart"):
        self.assertTrue(until(lambda: text in self.file(control, service), 60), text)

    def readyz(self, control):
        try:
            return control.at_admin("/readyz").body.decode()
        except OSError:
            return ""


class Folder(StoreSuite):
    def setUp(self):
        self.documents = Documents(cart=CART, price=PRICE)
        self.addCleanup(self.documents.folder.cleanup)
        self.path = self.documents.path

    def test_however_a_document_changes(self):
        control = self.control(self.documents.store)
        self.documents.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")
        with open(self.path + "/mesh.yaml", "w", encoding="utf-8") as file:
            file.write(CHANGED.format(4))
        self.assert_comes(control, "3004")
        os.remove(self.path + "/mesh.yaml")
        self.documents.put("mesh.yaml", CHANGED.format(5))
        self.assert_comes(control, "3005")
        self.documents.put("services/stock.yaml", PRICE)
        self.assertTrue(until(lambda: control.poll("stock", "one", wait="0s").status == 200, 60))
        self.documents.remove("services/stock.yaml")
        self.assertTrue(until(lambda: control.poll("stock", "one", wait="0s").status == 404, 60))

    def test_half_a_document_is_not_judged(self):
        control = self.control(self.documents.store)
        text = CHANGED.format(3)
        with open(self.path + "/mesh.yaml", "w", encoding="utf-8") as file:
            file.write(text[:-5])
            file.flush()
            self.documents.put("services/stock.yaml", PRICE)
            self.assertTrue(until(lambda: control.poll("stock", "one", wait="0s").status == 200, 60))
            self.assertEqual(control.page("problems")["problems"], [])
            file.write(text[-5:])
        self.assert_comes(control, "3003")
        self.assertEqual(control.page("problems")["problems"], [])

    def test_a_whole_checkout_is_switched(self):
        other = Documents(cart=CART, price=PRICE)
        self.addCleanup(other.folder.cleanup)
        other.put("mesh.yaml", CHANGED.format(7))
        link = self.path + "/now"
        os.symlink(self.path, link)
        control = self.control("dir:" + link)
        os.symlink(other.path, link + ".new")
        os.rename(link + ".new", link)
        self.assert_comes(control, "3007")

    def test_what_cannot_be_read_is_a_problem_and_changes_nothing(self):
        control = self.control(self.documents.store)
        have = self.good(control, "price")
        for make, mend in (
                (lambda path: self.documents.put("services/price.yaml", "#" * (4 << 20) + "\n"), os.remove),
                (lambda path: (os.remove(path), os.mkdir(path)), os.rmdir),
                (lambda path: (os.remove(path), os.mkfifo(path)), os.remove)):
            path = self.path + "/services/price.yaml"
            make(path)
            self.assertTrue(until(lambda: control.page("problems")["problems"], 60))
            problem = control.page("problems")["problems"][0]
            self.assertEqual(problem["document"], "services/price.yaml")
            self.assertEqual(self.file(control, "price"), have)
            mend(path)
            self.documents.put("services/price.yaml", PRICE)
            self.assertTrue(until(lambda: not control.page("problems")["problems"], 60))

    def test_a_folder_that_comes_later_and_goes_for_a_while(self):
        os.rename(self.path, self.path + ".away")
        self.addCleanup(lambda: os.path.exists(self.path) or os.rename(self.path + ".away", self.path))
        control = self.control(self.documents.store, ready=False)
        self.assertTrue(until(lambda: "no such file" in self.readyz(control), 60))
        self.assertFalse(control.is_ready())
        os.rename(self.path + ".away", self.path)
        control.wait_until_ready()
        have = self.good(control)
        os.rename(self.path, self.path + ".away")
        self.assertTrue(until(lambda: "warning" in self.readyz(control), 60))
        self.assertEqual(self.file(control), have)
        os.rename(self.path + ".away", self.path)
        self.assertTrue(until(lambda: "warning" not in self.readyz(control), 60))

    def test_what_is_kept_stays_in_its_folder(self):
        control = self.control(self.documents.store)
        control.register("price", "..%2F..%2Fup", "10.0.0.1:80")
        control.register("price", "p-1", "10.0.0.2:80")
        self.assert_comes(control, "10.0.0.2:80")
        self.assertEqual(sorted(os.listdir(self.path)), [".woad", "mesh.yaml", "services"])
        with open(self.path + "/.woad/.gitignore", encoding="utf-8") as file:
            self.assertEqual(file.read(), "*\n")
        control.kill()
        control.start()
        control.wait_until_ready()
        self.assertIn("10.0.0.2:80", self.file(control))


@unittest.skipUnless(AVAILABLE, "needs etcd")
class InEtcd(StoreSuite):
    def setUp(self):
        self.etcd = Etcd()
        self.addCleanup(self.etcd.close)
        self.fill()
        self.store = f"etcd:{self.etcd.url}"

    def fill(self):
        for key, text in (("mesh.yaml", MESH), ("services/cart.yaml", CART), ("services/price.yaml", PRICE)):
            self.etcd.put(key, text)

    def away(self, control):
        return until(lambda: "warning: the store is away" in self.readyz(control), 60)

    def back(self, control):
        return until(lambda: self.readyz(control) and "away" not in self.readyz(control), 60)

    def test_killed_and_restarted(self):
        control = self.control(self.store)
        have = self.good(control)
        self.etcd.kill()
        self.assertTrue(self.away(control))
        self.assertEqual(self.file(control), have)
        self.assertEqual(control.register("price", "p-1", "10.0.0.1:80").status, 503)
        self.etcd.start()
        self.etcd.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")
        self.assertTrue(self.back(control))
        self.assertEqual(control.register("price", "p-1", "10.0.0.1:80").status, 200)
        self.assert_comes(control, "10.0.0.1:80")

    def test_silent(self):
        control = self.control(self.store)
        have = self.good(control)
        self.etcd.pause()
        try:
            self.assertTrue(self.away(control))
            self.assertEqual(self.file(control), have)
        finally:
            self.etcd.go_on()
        self.assertTrue(self.back(control))
        self.etcd.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")

    def test_compacted_while_nobody_listened(self):
        control = self.control(self.store)
        control.process.send_signal(signal.SIGSTOP)
        try:
            self.etcd.kill()
            self.etcd.start()
            for i in range(3, 9):
                self.etcd.put("mesh.yaml", CHANGED.format(i))
            self.etcd.delete("services/price.yaml")
            self.etcd.put("services/cart.yaml", "uses: []\n")
            self.etcd.compact()
        finally:
            control.process.send_signal(signal.SIGCONT)
        self.assert_comes(control, "3008")
        self.assertTrue(until(lambda: control.poll("price", "one", wait="0s").status == 404, 60))

    def test_another_etcd_by_the_same_name(self):
        control = self.control(self.store)
        for i in range(20):
            self.etcd.put("mesh.yaml", MESH)
        self.etcd.kill()
        shutil.rmtree(self.etcd.folder.name + "/data")
        self.etcd.start()
        self.fill()
        self.etcd.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")

    def test_instances_hang_on_a_lease(self):
        control = self.control(self.store)
        self.assertEqual(control.register("price", "p-1", "10.0.0.1:80").status, 200)
        found = self.etcd.call("kv/range", key=b64(PREFIX + "instances/price/p-1"))["kvs"][0]
        left = self.etcd.call("lease/timetolive", ID=found["lease"])
        self.assertEqual(int(left["grantedTTL"]), 90 + 15 * 60)
        self.assertNotIn("lease", self.etcd.call("kv/range", key=b64(PREFIX + "mesh.yaml"))["kvs"][0])

    def test_what_is_no_text_is_a_problem_or_nobodys(self):
        control = self.control(self.store)
        have = self.good(control)
        self.etcd.call("kv/put", key=b64(b"/woad/v1/services/\xff.yaml"), value=b64("x"))
        self.etcd.call("kv/put", key=b64(PREFIX + "instances/price/\x00"), value=b64(b"\xff\xfe"))
        self.etcd.call("kv/put", key=b64(PREFIX + "status/cart/one"), value=b64(b"\xff{"))
        self.etcd.put("services/cart.yaml", b"uses: \xff\n")
        told = {"services/cart.yaml", "instances/price/\x00"}
        self.assertTrue(until(lambda: told <= {each["document"] for each in control.page("problems")["problems"]}, 60))
        self.assertEqual(self.file(control), have)
        self.etcd.put("services/cart.yaml", CART)
        self.etcd.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")

    def test_servers_that_are_none_are_passed_over(self):
        liar = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        threading.Thread(target=liar.serve_forever, daemon=True).start()
        self.addCleanup(liar.server_close)
        self.addCleanup(liar.shutdown)
        lies = f"http://127.0.0.1:{liar.server_address[1]}"
        alone = self.control(f"etcd:{lies}", ready=False)
        control = self.control(f"etcd:{lies},http://127.0.0.1:{free_port()},{self.etcd.url}")
        self.etcd.put("mesh.yaml", CHANGED.format(3))
        self.assert_comes(control, "3003")
        self.assertTrue(until(lambda: "none of etcd" in self.readyz(alone), 60))
        self.assertFalse(alone.is_ready())


class Liar(http.server.BaseHTTPRequestHandler):
    """Says something else each time."""
    said = 0

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        Liar.said += 1
        body = (b"<html>", b"{}", b'{"header":{"revision":[]},"kvs":7}', b"\xff")[Liar.said % 4]
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    unittest.main()
