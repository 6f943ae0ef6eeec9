"""Available to promise by date, groups, channels and backorders, against real servers."""

import unittest

from harness import Refused, Server, needs_server
from world import put_small_world


def listed(client, kind):
    page = client.Inventory.List(kind=kind, page_size=10000)
    width, cells, start = len(page.columns), [], 0
    for length in page.cell_lengths:
        cells.append(page.cells[start:start + length].decode())
        start += length
    return [cells[row:row + width] for row in range(0, len(cells), width)]


@needs_server
class AvailableToPromise(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()

    def fill(self, client):
        """Item ATP-1 with 30 units in the first node, receipts of 40 in 2 and in 4 days."""
        put_small_world(client)
        nodes = [row[0] for row in listed(client, 2)]
        now = client.Admin.Ping().as_of.unix_s
        self.day = now - now % 86_400 + 86_400
        self.node, self.other = nodes[0], nodes[1]
        client.Inventory.PutPositions(
            item_keys=["ATP-1", "ATP-1"], nodes=nodes[:2], node_indexes=[0, 1], on_hand=[30, 5])
        client.Inventory.PutInbound(
            shipment_keys=["S1", "S2"], item_keys=["ATP-1", "ATP-1"], nodes=[self.node],
            node_indexes=[0, 0], quantities=[40, 40],
            eta_unix_s=[self.day + 2 * 86_400, self.day + 4 * 86_400], stages=[3, 3])
        client.Inventory.PutGroups(
            groups=["west", "both"], node_counts=[1, 2], nodes=nodes[:2],
            node_indexes=[0, 0, 1])
        client.Inventory.PutChannelStock(
            channels=["app", "business"], channel_indexes=[0, 1], item_keys=["ATP-1", "ATP-1"],
            nodes=[self.node], node_indexes=[0, 0], buffers=[4, 0], set_asides=[0, 6])
        client.Inventory.PutBackorders(
            idempotency_key="b-1", item_keys=["ATP-1"], nodes=[self.other], node_indexes=[0],
            kinds=[1], caps=[7])

    def figures(self, client, **more):
        reply = client.Inventory.Atp(
            item_keys=["ATP-1"], groups=["west", "both"], nodes=[self.other], **more)
        steps, start = [], 0
        for count in reply.step_counts:
            steps.append([
                (0 if index == start else (reply.step_unix_s[index] - self.day) // 86_400,
                 reply.step_units[index]) for index in range(start, start + count)])
            start += count
        return (list(reply.available_now), steps, list(reply.first_sources),
                list(reply.backorder_left))

    def test_figures_by_date_group_and_channel_survive_a_restart(self):
        with self.server.client() as client:
            self.fill(client)
            before = self.figures(client, quantities=[24, 60, 8])
            self.assertEqual(before, (
                [24, 29, 5],
                [[(0, 24), (2, 64), (4, 104)], [(0, 29), (2, 69), (4, 109)], [(0, 5)]],
                [1, 2, 3], [0, 7, 7]))
            business = self.figures(client, channel="business")
            app = self.figures(client, channel="app")
            self.assertEqual((business[0], app[0]), ([30, 35, 5], [20, 25, 5]))
            rows = [listed(client, kind) for kind in (13, 14, 15)]
            self.assertEqual(rows, [
                [["west", "1", self.node], ["both", "2", f"{self.node} {self.other}"]],
                [["app", "ATP-1", self.node, "4", "0", "0"],
                 ["business", "ATP-1", self.node, "0", "6", "0"]],
                [["ATP-1", self.other, "backorder", "7", "0", "0", "0"]]])
            stock = client.Inventory.Availability(
                item_keys=["ATP-1"], groups=["west"], channel="app")
            self.assertEqual(
                (list(stock.available_now), list(stock.withheld_from_channel)), ([20], [10]))
            for wrong, reason in [
                    ({"groups": ["north"]}, "GROUP_UNKNOWN"),
                    ({"channel": "fax"}, "CHANNEL_UNKNOWN"),
                    ({"nodes": ["NOWHERE"]}, "NODE_UNKNOWN"),
                    ({"horizon_days": 366}, "FIELD_OUT_OF_RANGE"),
                    ({"pair_items": [1], "pair_places": [0]}, "FIELD_OUT_OF_RANGE")]:
                with self.assertRaises(Refused) as caught:
                    client.Inventory.Atp(item_keys=["ATP-1"], **wrong)
                self.assertEqual(caught.exception.reason, reason)
        for snapshot in (False, True):
            if snapshot:
                with self.server.client() as client:
                    client.Admin.TakeSnapshot()
            self.assertEqual(self.server.stop(), 0)
            self.server.start()
            with self.server.client() as client:
                self.assertEqual(self.figures(client, quantities=[24, 60, 8]), before)
                self.assertEqual([listed(client, kind) for kind in (13, 14, 15)], rows)

    def test_thousands_of_pairs_in_one_call(self):
        with self.server.client() as client:
            self.fill(client)
            reply = client.Inventory.Atp(
                item_keys=["ATP-1"], nodes=[self.node, self.other], pair_items=[0] * 4096,
                pair_places=[0, 1] * 2048)
            self.assertEqual(list(reply.available_now), [24, 5] * 2048)
            with self.assertRaises(Refused) as caught:
                client.Inventory.Atp(
                    item_keys=["ATP-1"], pair_items=[0] * 4097, pair_places=[0] * 4097)
            self.assertEqual(caught.exception.reason, "TOO_MANY_ROWS")

    def test_the_command_says_when_how_many_can_be_had(self):
        with self.server.client() as client:
            self.fill(client)
        done = self.server.tool("atp", "ATP-1", "--group", "west", "--quantity", "60")
        self.assertIn("60 units: inbound, ", done.stdout)
        pair, = self.server.json("atp", "ATP-1", "--node", self.other, "--quantity", "9")["pairs"]
        self.assertEqual(
            (pair["available_now"], pair["first_source"], pair["backorder_left"]),
            (5, "backorder", 7))
        done = self.server.tool("atp", "ATP-1", "--quantity", "1000", check=1)
        self.assertIn("not within 90 days", done.stdout)


if __name__ == "__main__":
    unittest.main()
