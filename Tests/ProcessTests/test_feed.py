"""`promise feed` against a real server: files, pipes, kills in the middle, what waits and what is undone."""
import gzip
import random
import signal
import subprocess
import unittest
import urllib.request

from harness import TOOL, Server, needs_server, wait_until
from world import NODES, STOCK, item, positions, put_small_world

ITEMS = 20


def movements(count, seed=1):
    """Lines of a feed file, and the units on hand that they lead to."""
    draw = random.Random(seed)
    on_hand = {(item(i), node): STOCK for i in range(ITEMS) for node in NODES}
    lines = ["item,node,kind,quantity"]
    for _ in range(count):
        key, node = item(draw.randrange(ITEMS)), draw.choice(NODES)
        kind, units = draw.choice(["receipt", "shipment", "adjustment"]), draw.randrange(1, 5)
        if kind == "adjustment" and draw.random() < 0.5:
            units = -units
        on_hand[key, node] += -units if kind == "shipment" else units
        lines.append(f"{key},{node},{kind},{units}")
    return lines, on_hand


@needs_server
class Feed(unittest.TestCase):
    def setUp(self):
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)
        with self.server.client() as client:
            self.keys = put_small_world(client, items=ITEMS)

    def on_hand(self):
        with self.server.client() as client:
            found, _ = positions(client, self.keys)
        return {place: row["on_hand"] for place, row in found.items()}

    def write(self, lines, name="feed.csv"):
        path = self.server.home / name
        data = ("\n".join(lines) + "\n").encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def source(self, name):
        return {row["source"]: row for row in self.server.json("status")["sources"]}[name]

    def test_a_file_is_fed_once_however_often_it_is_sent(self):
        lines, expected = movements(5_000)
        for name in ("feed.csv", "feed.csv.gz"):
            path = self.write(lines, name)
            answer = self.server.json("feed", path, "--source", "wms")
            self.assertEqual(answer["last_sequence"], 5_000)
            self.assertEqual(self.on_hand(), expected)
        self.assertEqual(answer["rows"], 0)
        self.assertEqual(self.source("wms")["applied_rows"], 5_000)
        # New lines at the end go on where the source is.
        path = self.write(lines + [f"{item(0)},{NODES[0]},receipt,7"])
        self.assertEqual(self.server.json("feed", path, "--source", "wms")["rows"], 1)
        self.assertEqual(self.on_hand()[item(0), NODES[0]], expected[item(0), NODES[0]] + 7)

    def test_a_kill_in_the_middle_loses_nothing_and_doubles_nothing(self):
        lines, expected = movements(60_000)
        path = self.write(lines)
        port = self.server.address.rsplit(":", 1)[1]
        for share in (0.2, 0.5):
            feeding = subprocess.Popen(
                [str(TOOL), "feed", str(path), "--source", "wms", "--batch", "200", "--timeout", "60",
                 "--server", self.server.address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                def is_under_way():
                    with self.server.client() as client:
                        status = client.Admin.Status()
                    return dict(zip(status.sources, status.source_last_sequences)).get(
                        "wms", 0) >= share * 60_000
                wait_until(is_under_way)
                self.server.kill()
                # The tool waits for the server that comes back on the same port, or is cut itself.
                if share < 0.4:
                    feeding.send_signal(signal.SIGKILL)
            finally:
                if feeding.poll() is None and share < 0.4:
                    feeding.wait(60)
            self.server.start("--listen", f"127.0.0.1:{port}")
            if share < 0.4:
                feeding.stdout.close()
                continue
            out, _ = feeding.communicate(timeout=120)
            self.assertEqual(feeding.returncode, 0, out)
        self.server.tool("feed", path, "--source", "wms")
        self.assertEqual(self.on_hand(), expected)
        source = self.source("wms")
        self.assertEqual((source["last_sequence"], source["applied_rows"]), (60_000, 60_000))
        self.server.restart()
        self.assertEqual(self.on_hand(), expected)
        self.assertEqual(self.source("wms")["applied_rows"], 60_000)

    def test_rows_wait_for_their_item_across_a_restart(self):
        path = self.write([
            "item,node,kind,quantity", f"LATER-1,{NODES[0]},receipt,9", f"{item(0)},{NODES[0]},receipt,1",
            f"LATER-1,{NODES[0]},shipment,4", f"LATER-1,{NODES[0]},shipment,40"])
        answer = self.server.json("feed", path, "--source", "wms")
        self.assertEqual({row["reason"]: row["rows"] for row in answer["outcomes"]},
                         {"OK": 1, "ROW_PARKED": 3})
        self.server.tool("snapshot", "take")
        self.server.restart()
        parked = self.server.json("feed", "--parked")["rows"]
        self.assertEqual([row["quantity"] for row in parked], ["9", "4", "40"])
        with self.server.client() as client:
            client.Inventory.PutItems(
                idempotency_key="later", item_keys=["LATER-1"], sellers=["seller"], seller_indexes=[0],
                storage_types=[1], volumes_micro_cubic_feet=[1000])
            found, _ = positions(client, ["LATER-1"])
        self.assertEqual(found["LATER-1", NODES[0]]["on_hand"], 5)
        self.assertEqual([row["outcome"] for row in self.server.json("feed", "--failed")["rows"]],
                         ["ON_HAND_NEGATIVE"])
        source = self.source("wms")
        self.assertEqual((source["parked_rows"], source["driven_rows"], source["failed_rows"]), (0, 2, 1))

    def test_mistakes_are_told_by_line_and_nothing_is_sent(self):
        path = self.write([
            "item,node,kind,quantity", f"{item(0)},{NODES[0]},receipt,1", f"{item(0)},{NODES[0]},sold,1",
            f"{item(0)},{NODES[0]},receipt,-1"])
        answer = self.server.json("feed", path, "--source", "wms", check=1)
        self.assertEqual([(row["line"], row["column"]) for row in answer["problems"]],
                         [(3, "kind"), (4, "quantity")])
        self.assertEqual(self.server.json("status")["sources"], [])

    def test_refused_rows_are_written_to_a_file_that_can_be_sent_again(self):
        path = self.write([
            "item,node,kind,quantity", f"{item(0)},{NODES[0]},shipment,{STOCK + 1}",
            f"{item(1)},{NODES[0]},receipt,1"])
        rejects = self.server.home / "rejects.csv"
        done = self.server.tool("feed", path, "--source", "wms", "--rejects", rejects, check=1)
        self.assertIn("ON_HAND_NEGATIVE", done.stdout)
        self.assertEqual(rejects.read_text().splitlines(), [
            "item,node,kind,quantity,outcome",
            f"{item(0)},{NODES[0]},shipment,{STOCK + 1},ON_HAND_NEGATIVE"])
        self.assertEqual(self.on_hand()[item(1), NODES[0]], STOCK + 1)
        self.assertIn("source of their own", done.stdout)
        # Put right, it is sent as it is, as a source of its own.
        self.server.json("adjust", f"{item(0)}@{NODES[0]}=+1", "--source", "count", "--sequence", "1")
        answer = self.server.json("feed", rejects, "--source", "wms-again")
        self.assertEqual((answer["rows"], answer["refused"]), (1, 0))
        self.assertEqual(self.on_hand()[item(0), NODES[0]], 0)

    def test_what_a_cut_feed_had_refused_stays_in_its_file(self):
        bad = f"{item(0)},{NODES[0]},shipment,{STOCK + 1}"
        lines = ["item,node,kind,quantity", bad, f"{item(1)},{NODES[0]},receipt,1"]
        rejects = self.server.home / "rejects.csv"
        options = ("--source", "wms", "--rejects", rejects)
        self.server.tool("feed", self.write(lines), *options, check=1)
        # More rows came to the file; the feed goes on where it was, and so does the file of refused rows.
        path = self.write(lines + [f"{item(1)},{NODES[0]},shipment,{STOCK + 2}"])
        self.server.tool("feed", path, *options, check=1)
        self.assertEqual(rejects.read_text().splitlines(), [
            "item,node,kind,quantity,outcome", f"{bad},ON_HAND_NEGATIVE",
            f"{item(1)},{NODES[0]},shipment,{STOCK + 2},ON_HAND_NEGATIVE"])

    def test_standard_input_is_fed_as_it_comes(self):
        feeding = subprocess.Popen(
            [str(TOOL), "feed", "-", "--source", "dock", "--server", self.server.address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        feeding.stdin.write(f"item,node,kind,quantity\n{item(0)},{NODES[0]},receipt,3\n")
        feeding.stdin.flush()
        # The row is there although the pipe stays open.
        wait_until(lambda: self.on_hand()[item(0), NODES[0]] == STOCK + 3)
        out, _ = feeding.communicate(f"{item(0)},{NODES[0]},shipment,1\n", timeout=60)
        self.assertEqual(feeding.returncode, 0, out)
        self.assertEqual(self.on_hand()[item(0), NODES[0]], STOCK + 2)

    def test_transfers_returns_counts_and_their_undoing(self):
        path = self.write([
            "item,node,kind,quantity,sequence,reference,destination,eta,eta_late,disposition,cause",
            f"{item(0)},{NODES[0]},transfer-out,10,5,T1,{NODES[1]},2030-01-01T00:00:00Z,2030-01-02T00:00:00Z,,",
            f"{item(0)},{NODES[1]},transfer-in,4,9,T1,,,,,",
            f"{item(1)},{NODES[0]},returned,2,10,,,,,unfulfillable,",
            f"{item(1)},{NODES[0]},adjustment,-3,12,,,,,,damaged"])
        self.server.tool("feed", path, "--source", "wms")
        with self.server.client() as client:
            stock = client.Inventory.Availability(item_keys=[item(0), item(1)])
        self.assertEqual(list(stock.inbound_quantities), [6])
        self.assertEqual(list(stock.inbound_stages), [5])
        self.assertEqual(stock.inbound_eta_late_unix_s[0] - stock.inbound_eta_unix_s[0], 86_400)
        self.assertEqual(list(stock.on_hand), [STOCK - 10, STOCK + 4, STOCK - 1, STOCK])
        self.assertEqual(list(stock.unfulfillable), [0, 0, 2, 0])
        self.assertEqual(self.source("wms")["last_sequence"], 12)
        answer = self.server.json("feed", "--undo", "9-12", "--source", "wms")
        self.assertEqual((answer["reversed_rows"], answer["kept_rows"]), (3, 0))
        self.server.restart()
        again = self.server.json("feed", "--undo", "9-12", "--source", "wms")
        self.assertTrue(again["repeated_answer"])
        other = self.server.json("feed", "--undo", "1-12", "--source", "wms", "--key", "other")
        self.assertEqual(other["reversed_rows"], 1)
        self.assertEqual(set(self.on_hand().values()), {STOCK})

    def test_lag_and_counts_of_sources_are_metrics(self):
        self.server.tool("feed", self.write(movements(10)[0]), "--source", "wms")
        with urllib.request.urlopen(f"http://{self.server.address}/metrics", timeout=20) as page:
            lines = page.read().decode().splitlines()
        self.assertIn('promised_feed_applied_rows_total{source="wms"} 10', lines)
        self.assertIn('promised_feed_last_sequence{source="wms"} 10', lines)
        self.assertTrue(any(line.startswith('promised_feed_lag_milliseconds{source="wms"}') for line in lines))


if __name__ == "__main__":
    unittest.main()
