"""The Python client against a server of a few lines: framing, pipelining, deadlines, errors."""
import os
import tempfile
import threading
import types
import unittest

from fake_server import FakeServer
from harness import Client, Disconnected, Refused, wire


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.server = FakeServer()
        self.client = Client(self.server.address, timeout=10)

    def tearDown(self):
        self.client.close()
        self.server.close()

    def test_varints_and_fields_survive_the_round(self):
        for value in (0, 1, 127, 128, 300, 2**32 + 5, 2**63, 2**64 - 1):
            data = wire.varint(1 << 3) + wire.varint(value)
            self.assertEqual(list(wire.fields(data)), [(1, value)])
        self.assertEqual(wire.zigzag(1), -1)
        self.assertEqual(wire.zigzag(2**64 - 1), -(2**63))

    def test_a_call_with_key_columns(self):
        reply = self.client.Inventory.Availability(item_keys=["KNOWN"])
        self.assertEqual(list(reply.outcomes), [0])
        self.assertEqual(list(reply.available_now), [-7])

    def test_a_packed_column_is_cut_by_its_lengths(self):
        self.assertEqual(wire.cut(b"ABC", [1, 0, 2]), [b"A", b"", b"BC"])
        self.assertEqual(wire.cut(b"", []), [])
        for lengths in ([1], [1, 3]):
            with self.assertRaises(ValueError):
                wire.cut(b"ABC", lengths)

    def test_a_cart_asks_with_its_destination_and_keeps_tokens_with_their_offers(self):
        asked = []

        class Recorder:
            def __getattr__(self, method):
                def ask(**values):
                    asked.append((method, values))
                    return types.SimpleNamespace(
                        outcomes=[0, 60, 0, 0], tokens=b"xyz", token_lengths=[1, 0, 1, 1])
                return ask
        cart = wire.Cart(
            types.SimpleNamespace(Promises=Recorder(), Holds=Recorder()), "01310", "BR")
        offers, reply = cart.offers(["A", "B"], levels=[1, 3], confidence=32768)
        self.assertEqual(offers, [("A", 1, b"x"), ("B", 1, b"y"), ("B", 3, b"z")])
        self.assertEqual(len(reply.outcomes), 4)
        cart.plan({"A": 2, "B": 1}, levels=[2])
        cart.hold("cart-17", "key", [b"x"], ttl_s=60)
        cart.explain(token=b"x")
        to = {"country": "BR"}
        self.assertEqual(asked, [
            ("Offer", dict(to, item_keys=["A", "B"], postcodes=["01310"], levels=[1, 3],
                           confidence=32768)),
            ("Plan", dict(to, item_keys=["A", "B"], quantities=[2, 1], postcode="01310",
                          levels=[2])),
            ("Hold", {"idempotency_key": "key", "owner": "cart-17", "tokens": [b"x"],
                      "ttl_s": 60}),
            ("Explain", dict(to, token=b"x", item="", postcode="01310"))])

    def test_a_refusal_carries_everything(self):
        with self.assertRaises(Refused) as caught:
            self.client.Inventory.Availability(item_keys=["NOT-THERE"])
        refusal = caught.exception
        self.assertEqual(
            (refusal.code, refusal.reason, refusal.outcome), ("NOT_FOUND", "ITEM_UNKNOWN", 1))
        self.assertEqual((refusal.key, refusal.row, refusal.retryable), ("NOT-THERE", 3, False))
        self.assertEqual(refusal.available_units, -1)
        self.assertIn("no such item", str(refusal))

    def test_pipelined_answers_find_their_questions_in_any_order(self):
        pings = [
            self.client.send("promised.v1.Admin", "Ping", payload=b"%d" % i) for i in range(50)]
        self.client.Meta.Hello()  # releases them, the latest first
        self.assertEqual(
            [ping.result(10).payload for ping in pings], [b"%d" % i for i in range(50)])

    def test_many_threads_share_a_connection(self):
        replies = []

        def ask():
            for _ in range(50):
                replies.append(self.client.Inventory.Availability(item_keys=["KNOWN"]))
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(len(replies), 400)

    def test_a_deadline_travels_and_ends_the_wait(self):
        with self.assertRaises(wire.DeadlineExceeded):
            self.client.Admin.Audit(timeout=0.05)
        self.assertEqual(self.server.seen[-1][:2], ("Audit", 50_000_000))
        self.assertEqual(self.client.waiting, {})

    def test_metadata_travels(self):
        self.client.Meta.Hello(metadata={"authorization": "Bearer x"})
        self.assertEqual(self.server.seen[-1][2], [{1: b"authorization", 2: b"Bearer x"}])

    def test_a_broken_connection_ends_every_wait_and_every_later_call(self):
        waiting = self.client.send("promised.v1.Admin", "Audit")
        with self.assertRaises(Disconnected):
            self.client.Admin.Drain()
        with self.assertRaises(Disconnected):
            waiting.result(10)
        with self.assertRaises(Disconnected):
            self.client.Meta.Hello()

    def test_wrong_field_names_and_oversized_frames_are_refused_here(self):
        with self.assertRaises(TypeError):
            self.client.Inventory.Availability(items=["KNOWN"])
        with self.assertRaises(ValueError):
            self.client.Admin.Ping(payload=b"x" * wire.MAX_FRAME_BYTES)
        reply = self.client.Inventory.Availability(item_keys=["KNOWN"])
        self.assertEqual(list(reply.outcomes), [0])

    def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "promised.sock")
            server = FakeServer(unix_path=path)
            with Client(path) as client:
                self.assertEqual(
                    list(client.Inventory.Availability(item_keys=["KNOWN"]).available_now), [-7])
            server.close()


if __name__ == "__main__":
    unittest.main()
