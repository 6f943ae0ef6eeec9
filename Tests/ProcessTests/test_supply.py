"""Offers of units that are not there yet, through the tool and across a crash, on the sample world."""
import json
import re
import shutil
import unittest

from harness import Refused, Server, make_sample, needs_server, tool
from world import load, wait_for_offers

SEATTLE = "98109"
DAY = 86_400


@needs_server
class Supply(unittest.TestCase):
    def setUp(self):
        self.world = make_sample(400)
        self.addCleanup(shutil.rmtree, self.world)
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        load(self.server, self.world)
        wait_for_offers(self.server, "B0THREEFCS", SEATTLE)

    def ask(self, *arguments, check=0):
        done = tool(*arguments, "--json", server=self.server.address, check=None)
        self.assertEqual(done.returncode, check, done.stdout[-2000:] + done.stderr[-2000:])
        return json.loads(done.stdout)

    def offer(self, item, *options, check=0):
        return self.ask("offer", item, "--to", SEATTLE, *options, check=check)["offers"][0]

    def restart(self):
        self.server.kill()
        self.server.restart()
        wait_for_offers(self.server, "B0THREEFCS", SEATTLE)

    def test_a_shipment_under_way_is_promised_held_and_kept_across_a_crash(self):
        first = self.offer("B0INBOUND1", "--quantity", "300")
        self.assertEqual((first["supply"], first["node"]), ("inbound", "BFI4"))
        self.assertEqual(first["supplied_units"], 400)
        self.assertGreater(first["window_from_unix_s"], first["available_from_unix_s"])
        screen = self.server.tool("offer", "B0INBOUND1", "--to", SEATTLE).stdout
        self.assertRegex(screen, r"Supply +on its way: there by 20\d\d-\d\d-\d\d .*400 units not yet")
        only_there = self.offer("B0INBOUND1", "--supply", "on-hand", check=1)
        self.assertEqual(only_there["reason"], "NO_STOCK")
        hold = self.ask("hold", "--token", first["token"], "--owner", "cart-1")
        self.assertEqual(hold["shipments"][0]["window_to_unix_s"], first["window_to_unix_s"])
        self.ask("commit", hold["hold_id"], "--owner", "cart-1")
        # Another of 300 does not fit in it: it waits for the second shipment.
        second = self.offer("B0INBOUND1", "--quantity", "300")
        self.assertGreater(second["available_from_unix_s"], first["available_from_unix_s"])
        small = self.offer("B0INBOUND1", "--quantity", "100")
        self.assertEqual(small["available_from_unix_s"], first["available_from_unix_s"])
        self.restart()
        self.assertEqual(
            self.offer("B0INBOUND1", "--quantity", "100")["supplied_units"], 100)
        shown = self.ask("hold", "show", hold["hold_id"])
        self.assertEqual(shown["lines"][0]["due_unix_s"], first["available_from_unix_s"])
        # A token that was shown before the crash is redeemed after it, and once.
        self.ask("hold", "--token", small["token"], "--owner", "cart-2")
        gone = self.ask("hold", "--token", small["token"], "--owner", "cart-3", check=1)
        self.assertEqual(gone["error"]["reason"], "INSUFFICIENT_STOCK")
        trace = self.ask("explain", small["token"])
        self.assertTrue(trace["agrees_with_token"])
        self.assertEqual(trace["supply"], "inbound")
        text = self.server.tool("explain", small["token"]).stdout
        self.assertIn("its units are at BFI4", text)
        self.assertRegex(text, r"With the units there now that come to BFI4")
        with self.server.client() as client:
            self.assertTrue(client.Admin.Audit().sound)

    def test_backorders_and_preorders_have_their_dates_and_limits(self):
        with self.server.client() as client:
            now = client.Admin.Ping().as_of.unix_s
            client.Inventory.PutBackorders(
                idempotency_key="b-1", item_keys=["B0SOLDOUT0", "B0INBOUND1"], nodes=["BFI4"],
                node_indexes=[0, 0], kinds=[1, 2], caps=[4, 50],
                from_unix_s=[0, now + 2 * DAY], lead_days=[3, 0])
        late = self.offer("B0SOLDOUT0", "--quantity", "4")
        self.assertEqual((late["supply"], late["supplied_units"]), ("backorder", 4))
        self.assertAlmostEqual(late["available_from_unix_s"], now + 3 * DAY, delta=60)
        self.assertEqual(
            self.offer("B0SOLDOUT0", "--quantity", "5", check=1)["reason"], "NO_STOCK")
        early = self.offer("B0INBOUND1", "--quantity", "50")
        self.assertEqual((early["supply"], early["supplied_units"]), ("preorder", 50))
        self.ask("hold", "--token", late["token"], "--owner", "cart-1")
        self.restart()
        self.assertEqual(self.offer("B0SOLDOUT0", check=1)["reason"], "NO_STOCK")
        held = self.ask("hold", "--token", late["token"], "--owner", "cart-2", check=1)
        self.assertEqual(held["error"]["reason"], "INSUFFICIENT_STOCK")
        self.ask("hold", "--token", early["token"], "--owner", "cart-3")
        again = self.offer("B0INBOUND1", "--quantity", "50")
        self.assertEqual(again["supply"], "inbound")
        listed = self.server.tool("list", "backorders").stdout
        self.assertRegex(listed, re.compile(r"B0SOLDOUT0 .*backorder .*\b3\b"))

    def test_a_token_redeems_for_its_channel(self):
        with self.server.client() as client:
            client.Inventory.PutChannelStock(
                channels=["app", "web"], channel_indexes=[0], item_keys=["B0LASTUNIT"],
                nodes=["BFI4"], node_indexes=[0], buffers=[0], set_asides=[1])
        self.assertEqual(self.offer("B0LASTUNIT", check=1)["reason"], "NO_STOCK")
        offer = self.offer("B0LASTUNIT", "--channel", "app")
        with self.server.client() as client:
            client.Inventory.PutChannelStock(
                channels=["web"], channel_indexes=[0], item_keys=["B0LASTUNIT"], nodes=["BFI4"],
                node_indexes=[0], buffers=[1], set_asides=[0])
        other = self.ask(
            "hold", "--token", offer["token"], "--owner", "cart-1", "--channel", "web", check=1)
        self.assertEqual(other["error"]["reason"], "CHANNEL_MISMATCH")
        self.restart()
        self.assertTrue(self.ask("explain", offer["token"])["agrees_with_token"])
        hold = self.ask("hold", "--token", offer["token"], "--owner", "cart-1")
        shown = self.ask("hold", "show", hold["hold_id"])
        self.assertEqual(shown["lines"][0]["channel"], "app")
        with self.server.client() as client:
            with self.assertRaises(Refused):
                client.Holds.Hold(
                    idempotency_key="h-2", owner="cart-2", nodes=["BFI4"],
                    item_keys=["B0LASTUNIT"], node_indexes=[0], quantities=[1])


if __name__ == "__main__":
    unittest.main()
