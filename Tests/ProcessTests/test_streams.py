"""Streams against a real server: the feed through one, watches over kills and slow readers, long
polls, thresholds, `promise watch`, and stream frames nobody should send."""
import json
import random
import signal
import socket
import subprocess
import threading
import unittest

from harness import (
    TOOL, Client, RawConnection, Refused, Server, needs_server, wait_until, wire)
from promised_client import DeadlineExceeded, Watcher, changed_items
from world import NODES, STOCK, positions, put_small_world

WMS = "wms"
INVENTORY = "promised.v1.Inventory"


def batch(first, keys, quantity=1, source=WMS, node=0):
    """The fields of a feed batch: receipts of `quantity` units of each key."""
    return dict(
        source=source, first_sequence=first, item_keys=list(keys), nodes=NODES,
        node_indexes=[node] * len(keys), kinds=[1] * len(keys), quantities=[quantity] * len(keys))


def metric(server, name):
    """A figure of /metrics."""
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        text = b""
        while piece := connection.recv(1 << 16):
            text += piece
    return next(
        int(line.split()[1]) for line in text.decode().splitlines() if line.startswith(name + " "))


class Copy:
    """What a watcher knows of the stock: what it read, and every batch over it."""

    def __init__(self):
        self.stock = {}

    def read(self, client, keys):
        self.stock = positions(client, keys)[0]
        return self

    def take(self, found):
        for key, nodes in changed_items(found):
            for node, columns in nodes.items():
                self.stock[key.decode(), node] = columns


@needs_server
class Streams(unittest.TestCase):
    def setUp(self):
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.keys = put_small_world(self.client, items=40)

    def on_hand(self, key, node=NODES[0]):
        with self.server.client() as client:
            return positions(client, [key])[0][key, node]["on_hand"]

    # The feed

    def test_a_stream_of_batches_is_answered_in_order_and_durable(self):
        sent = [batch(1 + 8 * i, random.Random(i).choices(self.keys, k=8)) for i in range(400)]
        answers = list(self.client.apply_stream(sent))
        self.assertEqual([a.last_sequence for a in answers], [8 * i + 8 for i in range(400)])
        self.assertTrue(all(not any(a.outcomes) and a.credit == 64 for a in answers))
        self.assertEqual(
            [a.as_of.position for a in answers], sorted(a.as_of.position for a in answers))
        expected = {key: STOCK for key in self.keys}
        for fields in sent:
            for key in fields["item_keys"]:
                expected[key] += 1
        self.server.restart()
        with self.server.client() as client:
            found, _ = positions(client, self.keys)
            self.assertEqual(
                {key: found[key, NODES[0]]["on_hand"] for key in self.keys}, expected)
            # Sent again, nothing is applied twice, and the answer says where to go on.
            again = list(client.apply_stream(sent[-2:]))
            self.assertEqual([set(a.outcomes) for a in again], [{48}, {48}])
            self.assertEqual(again[-1].last_sequence, 3200)

    def test_more_than_the_credit_ends_the_stream_and_loses_nothing(self):
        raw = RawConnection(self.server.address)
        self.addCleanup(raw.close)
        message = self.client.schema.method(INVENTORY, "ApplyStream")[0]
        raw.request(1, INVENTORY, "ApplyStream", flags=2)
        frames = b"".join(
            wire.frame(1, wire.DATA, 0, wire.fill(message(), batch(1 + i, [self.keys[0]]))
                       .SerializeToString()) for i in range(5000))
        raw.send(frames)
        answered = 0
        while (found := raw.frame())[1] == wire.DATA:
            answered += 1
        with self.assertRaises(Refused) as caught:
            wire.answer(found[2])
        self.assertEqual(caught.exception.reason, "CREDIT_EXCEEDED")
        self.assertIn(f"the last sequence applied of wms is {answered}", str(caught.exception))
        self.assertTrue(raw.is_usable(3))
        self.assertEqual(self.on_hand(self.keys[0]), STOCK + answered)

    # Watches

    def follow(self, stop, copy, positions_seen, **wishes):
        """Applies batches to a copy until told to stop and nothing more is to come."""
        watcher = Watcher(lambda: Client(self.server.address or "127.0.0.1:1"), **wishes)
        while True:
            try:
                found = watcher.next(timeout=0.2)
            except DeadlineExceeded:
                if stop.is_set():
                    break
                continue
            self.assertFalse(found.lost)
            copy.take(found)
            positions_seen.append(found.position)
            watcher.done(found)
        watcher.close()
        return watcher

    def test_kills_lose_no_change_of_a_watch(self):
        copy = Copy().read(self.client, self.keys)
        start = self.client.Admin.Status().durable_position
        stop, seen, result = threading.Event(), [], []
        reader = threading.Thread(
            target=lambda: result.append(
                self.follow(stop, copy, seen, position=start, credit=3)))
        reader.start()
        draws = random.Random(7)
        sequence = 0
        for round_number in range(6):
            # Each kill ends a watch that runs.
            wait_until(lambda: metric(self.server, "promised_watches") == 1)
            with self.server.client() as client:
                for _ in range(60):
                    keys = draws.choices(self.keys, k=5)
                    client.Inventory.Apply(**batch(1 + sequence, keys, node=draws.randrange(2)))
                    sequence += len(keys)
                    if draws.random() < 0.3:
                        client.Holds.Hold(
                            idempotency_key=f"h{sequence}", owner="cart", ttl_s=86_400,
                            nodes=[NODES[0]], item_keys=[draws.choice(self.keys)],
                            node_indexes=[0], quantities=[2])
                # Answered or not, these may be in the log when the kill comes.
                for ahead in range(20):
                    client.send(INVENTORY, "Apply", **batch(1 + sequence + ahead, [self.keys[0]]))
                if round_number < 5:
                    self.server.restart()
            with self.server.client() as client:
                sequence = client.Inventory.Apply(**batch(1, [self.keys[0]])).last_sequence
        stop.set()
        reader.join(60)
        self.assertTrue(result, "the watcher did not end")
        with self.server.client() as client:
            self.assertEqual(copy.stock, positions(client, self.keys)[0])
        self.assertEqual(result[0].connections, 6)
        self.assertEqual(seen, sorted(seen))

    def test_a_snapshot_forgets_older_changes_and_says_so(self):
        start = self.client.Admin.Status().durable_position
        self.client.Inventory.Apply(**batch(1, self.keys[:3]))
        self.client.Admin.TakeSnapshot()
        middle = self.client.Inventory.Apply(**batch(4, self.keys[3:5])).as_of.position
        self.server.restart()
        with self.server.client() as client:
            lost = client.Inventory.WatchPoll(from_position=start)
            self.assertTrue(lost.lost)
            self.assertEqual((len(lost.item_key_lengths), lost.position >= middle), (0, True))
            kept = client.Inventory.WatchPoll(from_position=middle - 1)
            self.assertEqual(
                [key.decode() for key, _ in changed_items(kept)], self.keys[3:5])

    def test_a_slow_reader_slows_nobody_and_queues_nothing(self):
        slow = []
        for _ in range(20):
            raw = RawConnection(self.server.address)
            self.addCleanup(raw.close)
            raw.request(1, INVENTORY, "Watch", flags=2)
            control = self.client.schema.method(INVENTORY, "Watch")[0]
            raw.send(wire.frame(1, wire.DATA, 0, wire.fill(
                control(), dict(kind=1, credit=4)).SerializeToString()))
            slow.append(raw)
        wait_until(lambda: metric(self.server, "promised_watches") == 20)
        quick = Watcher(lambda: Client(self.server.address))
        self.addCleanup(quick.close)
        quick._open()
        before = self.server.resident_bytes()
        done = 0
        for number in range(2000):
            reply = self.client.Inventory.Apply(**batch(1 + 20 * number, self.keys[:20]))
            done += not any(reply.outcomes)
        self.assertEqual(done, 2000)
        # The one that reads has everything; those that do not were sent their credit and no more.
        copy = Copy()
        while copy.stock.get((self.keys[0], NODES[0]), {}).get("on_hand") != STOCK + 2000:
            found = quick.next(timeout=20)
            copy.take(found)
            quick.done(found)
        for raw in slow:
            frames = 0
            raw.socket.settimeout(0.3)
            try:
                while raw.frame() is not None:
                    frames += 1
            except TimeoutError:
                pass
            self.assertEqual(frames, 4)
        self.assertLess(self.server.resident_bytes() - before, 32 << 20)

    def test_many_watchers_see_every_item_and_the_server_answers(self):
        clients = [self.server.client(schema=self.client.schema) for _ in range(16)]
        streams = []
        for client in clients:
            self.addCleanup(client.close)
            for _ in range(60):
                stream = client.stream(INVENTORY, "Watch")
                stream.send(kind=1, credit=64)
                streams.append(stream)
        wait_until(lambda: metric(self.server, "promised_watches") == 960)
        for number in range(20):
            self.client.Inventory.Apply(**batch(1 + number, [self.keys[number]]))
        for stream in streams:
            seen = set()
            while len(seen) < 20:
                seen |= {key for key, _ in changed_items(stream.receive(20))}
        self.assertEqual(self.client.Health.Check().status, 1)

    # Polls

    def test_a_poll_waits_without_holding_its_connection(self):
        parked = self.client.send(INVENTORY, "WatchPoll", max_wait_ms=30_000)
        for _ in range(50):
            self.client.Admin.Ping()
        self.assertFalse(parked.done())
        self.client.Inventory.Apply(**batch(1, self.keys[:1]))
        found = parked.result(20)
        self.assertEqual([key.decode() for key, _ in changed_items(found)], self.keys[:1])
        empty = self.client.Inventory.WatchPoll(
            from_position=found.position, from_part=found.part, max_wait_ms=50)
        self.assertEqual(len(empty.item_key_lengths), 0)

    def test_a_poll_whose_client_goes_away_leaves_nothing(self):
        other = self.server.client()
        for _ in range(100):
            other.send(INVENTORY, "WatchPoll", max_wait_ms=30_000)
        wait_until(lambda: metric(self.server, "promised_watches") == 100)
        other.close()
        wait_until(lambda: metric(self.server, "promised_watches") == 0)

    def test_a_drain_answers_polls_and_ends_watches(self):
        parked = self.client.send(INVENTORY, "WatchPoll", max_wait_ms=30_000)
        stream = self.client.stream(INVENTORY, "Watch")
        stream.send(kind=1)
        wait_until(lambda: metric(self.server, "promised_watches") == 2)
        self.client.Admin.Drain()
        self.assertEqual(len(parked.result(20).item_key_lengths), 0)
        with self.assertRaises(Refused) as caught:
            stream.receive(20)
        self.assertEqual(caught.exception.reason, "DRAINING")

    # Thresholds

    def test_a_threshold_is_told_at_once_and_when_it_is_crossed(self):
        stream = self.client.stream(INVENTORY, "Watch")
        stream.send(
            kind=1, content=1, threshold_kinds=[1, 1], threshold_item_keys=self.keys[:2],
            threshold_units=[2 * STOCK, 5])
        sides = stream.receive(20)
        self.assertEqual(list(sides.crossing_sides), [0, 0])
        self.assertEqual(list(sides.crossing_after), [2 * STOCK, 2 * STOCK])
        held = self.client.Holds.Hold(
            idempotency_key="h1", owner="cart", nodes=[NODES[1]], item_keys=[self.keys[0]],
            node_indexes=[0], quantities=[3])
        crossed = stream.receive(20)
        self.assertEqual(
            (list(crossed.crossing_thresholds), list(crossed.crossing_sides)), ([0], [1]))
        self.assertEqual(list(crossed.crossing_subjects), [NODES[1]])
        self.assertEqual(
            crossed.crossing_reasons[0],
            f"200000 units are now 199997, below 200000: BBB2 fell from 100000 to 99997 by a hold "
            f"at position {held.hold_id}")
        stream.close_send()
        self.assertIsNone(stream.receive(20))

    # The tool

    def watch_tool(self, *arguments):
        process = subprocess.Popen(
            [str(TOOL), "watch", "--server", self.server.address, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process

    def test_promise_watch_prints_a_line_a_change(self):
        start = self.client.Admin.Status().durable_position
        self.client.Inventory.Apply(**batch(1, self.keys[:3]))
        process = self.watch_tool("ITEM-", "--from", str(start), "--changes", "3", "--json")
        out, _ = process.communicate(timeout=60)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["item"] for line in lines], self.keys[:3])
        self.assertEqual(lines[0]["positions"][0]["on_hand"], STOCK + 1)
        self.assertEqual(lines[0]["cause"], "feed")
        self.assertEqual(process.returncode, 0)

    def test_promise_watch_rides_out_a_restart_and_ends_cleanly(self):
        port = self.server.address.rpartition(":")[2]
        process = self.watch_tool("--below", f"{self.keys[0]}={2 * STOCK}")
        wait_until(lambda: metric(self.server, "promised_watches") == 1)
        self.assertIn(f"below {2 * STOCK:,}: {2 * STOCK:,} units", self.line(process))
        self.client.Inventory.Apply(**batch(1, self.keys[:1]))
        self.assertIn(self.keys[0], self.line(process))
        self.server.kill()
        self.server.options += ["--listen", f"127.0.0.1:{port}"]
        self.server.start()
        with self.server.client() as client:
            client.Inventory.Apply(**batch(2, self.keys[5:6]))
        while self.keys[5] not in (line := self.line(process)):
            self.assertTrue(line, "the watch ended")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 0)
        self.assertIn("Go on with --from ", process.stderr.read())

    def line(self, process):
        lines = []
        reader = threading.Thread(
            target=lambda: lines.append(process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(30)
        self.assertTrue(lines, "no line within 30 s")
        return lines[0]


@needs_server
class HostileStreams(unittest.TestCase):
    """Each gets a status or a closed connection, and a bystander is served after each."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.remove)
        cls.bystander = cls.server.client()
        cls.addClassCleanup(cls.bystander.close)
        cls.keys = put_small_world(cls.bystander, items=4)
        cls.control = cls.bystander.schema.method(INVENTORY, "Watch")[0]

    def setUp(self):
        self.raw = RawConnection(self.server.address)
        self.addCleanup(self.raw.close)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), f"the server ended\n{self.server.stderr()}")
        self.assertEqual(self.bystander.Health.Check().status, 1)

    def say(self, stream_id, flags=0, **fields):
        self.raw.send(wire.frame(
            stream_id, wire.DATA, flags, wire.fill(self.control(), fields).SerializeToString()))

    def refusal(self, stream_id):
        while (found := self.raw.frame())[1] == wire.DATA:
            pass
        self.assertEqual(found[0], stream_id)
        with self.assertRaises(Refused) as caught:
            wire.answer(found[2])
        return caught.exception

    def test_data_after_the_close_of_a_stream(self):
        self.raw.request(1, INVENTORY, "ApplyStream", flags=2)
        self.raw.send(wire.frame(1, wire.DATA, 5, b""))
        self.raw.send(wire.frame(1, wire.DATA, 0, b"late") * 1000)
        self.assertEqual(self.raw.frame(), (1, wire.DATA, b""))
        self.assertTrue(self.raw.is_usable(3))
        self.assertGreaterEqual(metric(self.server, "promised_ignored_frames_total"), 1000)

    def test_a_message_beyond_four_mebibytes(self):
        self.raw.request(1, INVENTORY, "ApplyStream", flags=2)
        self.raw.send(wire.struct.pack(">IIBB", 5 << 20, 1, wire.DATA, 0) + bytes(5 << 20))
        self.assertEqual(self.refusal(1).reason, "FRAME_TOO_LARGE")
        self.assertTrue(self.raw.is_usable(3))

    def test_controls_that_make_no_sense(self):
        for stream_id, (fields, reason) in enumerate([
                ([dict(kind=7)], "FIELD_OUT_OF_RANGE"),
                ([dict(kind=2, sequence=1)], "MESSAGE_MALFORMED"),
                ([dict(kind=1), dict(kind=1)], "MESSAGE_MALFORMED"),
                ([dict(kind=1), dict(kind=2, sequence=9)], "FIELD_OUT_OF_RANGE"),
                ([dict(kind=1, credit=65)], "FIELD_OUT_OF_RANGE"),
                ([dict(kind=1, from_position=1 << 50)], "POSITION_NOT_REACHED"),
                ([dict(kind=1, from_position=1 << 60)], "FIELD_OUT_OF_RANGE"),
                ([dict(kind=1, item_prefix=b"x" * 65)], "FIELD_OUT_OF_RANGE"),
                ([dict(kind=1, nodes=["NONE"])], "NODE_UNKNOWN")]):
            stream_id = 2 * stream_id + 1
            self.raw.request(stream_id, INVENTORY, "Watch", flags=2)
            for field in fields:
                self.say(stream_id, **field)
            self.assertEqual(self.refusal(stream_id).reason, reason, fields)
        self.raw.request(101, INVENTORY, "Watch", flags=2)
        self.raw.send(wire.frame(101, wire.DATA, 0, b"\xff" * 100))
        self.assertEqual(self.refusal(101).code, "INVALID_ARGUMENT")
        self.assertTrue(self.raw.is_usable(201))
        self.assertEqual(metric(self.server, "promised_watches"), 0)

    def test_a_stream_opened_twice_closes_the_connection(self):
        self.raw.request(1, INVENTORY, "Watch", flags=2)
        self.raw.request(1, INVENTORY, "Watch", flags=2)
        self.assertIsNone(self.raw.frame())

    def test_a_method_asked_for_with_the_wrong_halves(self):
        self.raw.request(1, INVENTORY, "Watch")
        self.assertEqual(self.refusal(1).code, "INVALID_ARGUMENT")
        self.raw.request(3, INVENTORY, "ApplyStream", flags=1)
        self.assertEqual(self.refusal(3).code, "INVALID_ARGUMENT")
        self.raw.request(5, INVENTORY, "WatchPoll", flags=2)
        self.assertEqual(self.refusal(5).code, "INVALID_ARGUMENT")
        self.assertTrue(self.raw.is_usable(7))

    def test_a_flood_of_streams(self):
        for number in range(500):
            self.raw.request(2 * number + 1, INVENTORY, "ApplyStream", flags=2)
        reasons = [self.refusal(2 * number + 1).reason for number in range(64, 500)]
        self.assertEqual(set(reasons), {"STREAM_LIMIT"})
        self.assertTrue(self.raw.is_usable(5001))

    def test_acknowledgements_without_end(self):
        self.raw.request(1, INVENTORY, "Watch", flags=2)
        self.say(1, kind=1, credit=1)
        message = wire.fill(self.control(), dict(kind=2)).SerializeToString()
        self.raw.send(wire.frame(1, wire.DATA, 0, message) * 20_000)
        self.assertTrue(self.raw.is_usable(3))
        self.assertEqual(metric(self.server, "promised_watches"), 1)

    def test_a_stream_byte_by_byte(self):
        data = wire.frame(1, wire.REQUEST, 2, wire.request(INVENTORY, "Watch", b""))
        data += wire.frame(1, wire.DATA, 0, wire.fill(
            self.control(), dict(kind=1)).SerializeToString()) + wire.frame(1, wire.DATA, 5, b"")
        for byte in data:
            self.raw.send(bytes([byte]))
        self.assertEqual(self.raw.frame(), (1, wire.DATA, b""))


if __name__ == "__main__":
    unittest.main()
