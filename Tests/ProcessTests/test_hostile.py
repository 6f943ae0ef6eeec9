"""Frames nobody should send: each gets a clear answer or a closed connection, and the server goes
on serving everybody else."""
import unittest

from harness import RawConnection, Refused, Server, needs_server, wire

MEBIBYTE = 1 << 20


@needs_server
class HostileFrames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.remove)
        cls.bystander = cls.server.client()
        cls.addClassCleanup(cls.bystander.close)

    def setUp(self):
        self.raw = RawConnection(self.server.address)
        self.addCleanup(self.raw.close)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), f"the server ended\n{self.server.stderr()}")
        self.assertEqual(self.bystander.Health.Check().status, 1)

    def refusal(self, stream_id):
        with self.assertRaises(Refused) as caught:
            self.raw.answer(stream_id)
        return caught.exception

    def test_a_length_that_lies_inside_the_payload(self):
        for lie in (b"\x0a\xff\xff\xff\xff\x0f", b"\x12\x7f\x01", b"\x0a", b"\x80" * 11):
            self.raw.send(wire.frame(1, wire.REQUEST, 0, lie))
            self.assertEqual(self.refusal(1).code, "INVALID_ARGUMENT")
        self.assertTrue(self.raw.is_usable(3))

    def test_a_payload_that_is_not_the_message(self):
        self.raw.request(1, "promised.v1.Inventory", "Availability", b"\x12\xff\xff\xff\x7f")
        self.assertEqual(self.refusal(1).code, "INVALID_ARGUMENT")
        self.assertTrue(self.raw.is_usable(3))

    def test_an_even_stream_is_refused_on_that_stream(self):
        self.raw.request(2, "promised.v1.Admin", "Ping")
        self.assertEqual(self.refusal(2).reason, "STREAM_ID_EVEN")
        self.assertTrue(self.raw.is_usable(1))

    def test_unknown_types_and_flags_are_ignored(self):
        self.raw.send(wire.frame(1, 9, 0, b"future"))
        self.raw.send(wire.frame(1, wire.RESPONSE, 0, b""))
        self.raw.send(wire.frame(77, wire.DATA, 1, b"for no stream"))
        self.raw.request(3, "promised.v1.Admin", "Ping", wire.field(1, b"flags"), flags=0x40)
        self.assertIn(b"flags", self.raw.answer(3))
        self.assertTrue(self.raw.is_usable(5))

    def test_unknown_services_and_methods(self):
        self.raw.request(1, "no.such.Service", "Ask")
        self.assertEqual(self.refusal(1).reason, "SERVICE_UNKNOWN")
        self.raw.request(3, "promised.v1.Inventory", "Ask")
        self.assertEqual(self.refusal(3).reason, "METHOD_UNKNOWN")
        self.raw.request(5, "promised.v1.Meta", "Authenticate")
        self.assertEqual(self.refusal(5).reason, "METHOD_NOT_BUILT")
        self.assertTrue(self.raw.is_usable(7))

    def test_the_largest_frame_is_taken_and_one_byte_more_is_a_status(self):
        def ping(length):
            """A request envelope of exactly `length` bytes."""
            size = length - 64
            while True:
                data = wire.request("promised.v1.Admin", "Nothing", wire.field(1, b"x" * size))
                if len(data) == length:
                    return data
                size += length - len(data)
        self.raw.send(wire.frame(1, wire.REQUEST, 0, ping(wire.MAX_FRAME_BYTES)))
        self.assertEqual(self.refusal(1).reason, "METHOD_UNKNOWN")
        over = wire.MAX_FRAME_BYTES + 1
        self.raw.send(over.to_bytes(4, "big") + b"\0\0\0\x03\x01\0" + b"\0" * over)
        self.assertEqual(self.refusal(3).reason, "FRAME_TOO_LARGE")
        self.assertTrue(self.raw.is_usable(5))

    def test_five_mebibytes_are_skipped_and_answered(self):
        for stream_id in (1, 3, 5):
            self.raw.send(
                (5 * MEBIBYTE).to_bytes(4, "big") + stream_id.to_bytes(4, "big") + b"\x01\0")
            for _ in range(5):
                self.raw.send(b"\xff" * MEBIBYTE)
            refusal = self.refusal(stream_id)
            self.assertEqual(refusal.code, "RESOURCE_EXHAUSTED")
            self.assertEqual(refusal.reason, "FRAME_TOO_LARGE")
        self.assertTrue(self.raw.is_usable(7))

    def test_a_length_beyond_sense_closes_the_connection(self):
        self.raw.send(b"\x7f\xff\xff\xff\0\0\0\x01\x01\0")
        self.assertIsNone(self.raw.frame())

    def test_something_else_entirely_closes_the_connection(self):
        for first in (b"\x16\x03\x01\x02\x00\x01", b"\xff" * 64, b"SSH-2.0-OpenSSH\r\n"):
            raw = RawConnection(self.server.address)
            raw.send(first + b"\0" * 16)
            self.assertIsNone(raw.frame())
            raw.close()

    def test_a_stream_that_is_open_cannot_be_opened_again(self):
        # A change stays open until it is on disk, so the second finds the first still there.
        change = wire.frame(1, wire.REQUEST, 0, wire.request(
            "promised.v1.Capacity", "PutSellers",
            wire.field(2, wire.field(1, "seller") + wire.field(3, "NOWHERE"))))
        market = wire.frame(1, wire.REQUEST, 0, wire.request(
            "promised.v1.Network", "Put", wire.field(2, b"".join(
                wire.field(i + 1, text) for i, text in enumerate(
                    ("XX", "US", "USD", "America/New_York"))))))
        self.raw.send(market + change)
        answers = 0
        while self.raw.frame() is not None:
            answers += 1
        self.assertLessEqual(answers, 1)

    def test_nesting_without_end(self):
        nested = b""
        for _ in range(30_000):
            nested = wire.varint(1 << 3 | 2) + wire.varint(len(nested)) + nested
            if len(nested) > 60_000:
                break
        for service, method in (
                ("promised.v1.Inventory", "Availability"), ("promised.v1.Network", "Put"),
                ("promised.v1.Holds", "Get")):
            raw = RawConnection(self.server.address)
            raw.request(1, service, method, nested)
            with self.assertRaises(Refused):
                raw.answer(1)
            self.assertTrue(raw.is_usable(3))
            raw.close()

    def test_floods_of_fields_cost_little_memory(self):
        before = self.server.resident_bytes()
        unknown = wire.varint(1000 << 3) + b"\x01"
        empty_messages = wire.varint(2 << 3 | 2) + b"\0"
        merged = wire.varint(1 << 3 | 2) + b"\x02\x08\x01"
        for name, piece, service, method in (
                ("unknown fields", unknown, "promised.v1.Inventory", "Availability"),
                ("empty rows", empty_messages, "promised.v1.Network", "Put"),
                ("one message merged again and again", merged, "promised.v1.Inventory",
                 "Availability")):
            with self.subTest(name):
                raw = RawConnection(self.server.address)
                for turn in range(3):
                    raw.request(2 * turn + 1, service, method, piece * (3_900_000 // len(piece)))
                    with self.assertRaises(Refused) as caught:
                        raw.answer(2 * turn + 1)
                    self.assertIn(caught.exception.code, ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"))
                self.assertTrue(raw.is_usable(9))
                raw.close()
        self.assertLess(self.server.resident_bytes() - before, 128 * MEBIBYTE)

    def test_columns_that_do_not_fit_together(self):
        client = self.bystander
        cases = [
            dict(item_keys=b"ABC", item_key_lengths=[2]),
            dict(item_keys=b"ABC", item_key_lengths=[2, 2]),
            dict(item_keys=b"ABC", item_key_lengths=[2**32 - 1]),
            dict(item_keys=b"ABC", item_key_lengths=[0, 3]),
            dict(item_keys=b"A\0C", item_key_lengths=[3]),
            dict(item_keys=b"\xff\xfe\xfd", item_key_lengths=[3]),
            dict(item_keys=b"A" * 65, item_key_lengths=[65]),
        ]
        for case in cases:
            with self.subTest(case), self.assertRaises(Refused) as caught:
                client.Inventory.Availability(**case)
            self.assertEqual(caught.exception.code, "INVALID_ARGUMENT")

    def test_numbers_at_their_edges(self):
        client = self.bystander
        for quantity in (0, 2**31, 2**32 + 5, 2**63, 2**64 - 1):
            with self.subTest(quantity), self.assertRaises(Refused) as caught:
                client.Holds.Hold(
                    idempotency_key=f"edge-{quantity}", owner="edge", nodes=["X"],
                    item_keys=["X"], node_indexes=[0], quantities=[quantity])
            self.assertIn(caught.exception.code, ("INVALID_ARGUMENT", "NOT_FOUND"))
        for index in (1, 2**32 - 1):
            with self.subTest(index), self.assertRaises(Refused) as caught:
                client.Holds.Hold(
                    idempotency_key=f"index-{index}", owner="edge", nodes=["X"],
                    item_keys=["X"], node_indexes=[index], quantities=[1])
            self.assertEqual(caught.exception.code, "INVALID_ARGUMENT")

    def test_a_deadline_that_has_passed(self):
        self.raw.request(1, "promised.v1.Admin", "Ping", timeout=-1)
        self.assertEqual(self.refusal(1).code, "DEADLINE_EXCEEDED")
        self.assertTrue(self.raw.is_usable(3))

    def test_one_byte_at_a_time(self):
        data = wire.frame(1, wire.REQUEST, 0, wire.request(
            "promised.v1.Admin", "Ping", wire.field(1, b"slowly")))
        others = [RawConnection(self.server.address) for _ in range(50)]
        for other in others:
            other.send(data[:7])
        for byte in data:
            self.raw.send(bytes([byte]))
        self.assertIn(b"slowly", self.raw.answer(1))
        for other in others:
            other.send(data[7:])
            self.assertIn(b"slowly", other.answer(1))
            other.close()

    def test_many_frames_in_one_write(self):
        frames = b"".join(
            wire.frame(stream_id, wire.REQUEST, 0, wire.request(
                "promised.v1.Admin", "Ping", wire.field(1, b"%d" % stream_id)))
            for stream_id in range(1, 2001, 2))
        self.raw.send(frames)
        seen = set()
        for _ in range(1000):
            stream_id, kind, _ = self.raw.frame()
            self.assertEqual(kind, wire.RESPONSE)
            seen.add(stream_id)
        self.assertEqual(seen, set(range(1, 2001, 2)))


if __name__ == "__main__":
    unittest.main()
