"""Seller storage through the protocol and the tool: plans, receipts, bids, reports, restarts."""
import datetime
import json
import unittest

from harness import Refused, Server, needs_server, tool
from world import put_small_world

FOOT = 1_000_000
INBOUND_RECEIPT = 15
UNIT = 250_000  # micro-cubic-feet of every item of the small world


@needs_server
class Capacity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.remove)
        cls.client = cls.server.client()
        cls.keys = put_small_world(cls.client, items=4, stock=lambda key: 40)
        now = datetime.datetime.now(datetime.timezone.utc)
        # Noon in Los Angeles a day from now, so that it is certainly due and in one known month.
        cls.eta = int((now + datetime.timedelta(days=1)).replace(hour=20).timestamp())
        local = datetime.datetime.fromtimestamp(cls.eta, datetime.timezone.utc)
        cls.month = local.year * 100 + local.month
        first = now - datetime.timedelta(hours=8)
        months = sorted({first.year * 100 + first.month, cls.month})
        # 4 items of 40 units in two buildings are 80 cubic feet.
        cls.client.Capacity.PutLimits(
            idempotency_key="limits", sellers=["seller"], seller_indexes=[0] * len(months),
            storage_types=[1] * len(months), months=months, kinds=[1] * len(months),
            limits_micro_cubic_feet=[200 * FOOT] * len(months), causes=[2] * len(months))

    def room(self, **options):
        reply = self.client.Capacity.Headroom(sellers=["seller"], months=2, **options)
        row = list(reply.months).index(self.month)
        names = ["headroom", "admissible", "admissible_units", "open_inbound", "granted", "bindings"]
        return {name: getattr(reply, name)[row] for name in names}

    def admit(self, plan, units, key=None, item=0, **more):
        return self.client.Capacity.Admit(
            idempotency_key=key or f"admit-{plan}", seller="seller", plan=plan,
            item_keys=[self.keys[item]], quantities=[units], eta_unix_s=[self.eta],
            nodes=["AAA1"], node_indexes=[0], **more)

    def receive(self, plan, units, key, receipt="", item=0):
        return self.client.Capacity.Receive(
            idempotency_key=key, plan=plan, receipt=receipt, item_keys=[self.keys[item]],
            quantities=[units], nodes=["AAA1"], node_indexes=[0])

    def ask(self, *arguments, check=0):
        done = tool("capacity", *arguments, "--json", server=self.server.address, check=None)
        if check is not None:
            self.assertEqual(done.returncode, check, done.stdout[-2000:] + done.stderr[-2000:])
        return json.loads(done.stdout)

    def test_a_plan_is_held_received_once_and_survives_kill_9(self):
        before = self.room(item=self.keys[0])
        self.assertEqual(before["admissible_units"], before["admissible"] // UNIT)
        reply = self.admit("FBA1", 100)
        self.assertEqual(list(reply.outcomes), [0])
        self.assertGreater(reply.plan_id, 0)
        self.assertEqual(before["headroom"] - self.room()["headroom"], 100 * UNIT)
        again = self.admit("FBA1", 100)
        self.assertTrue(again.repeated_answer)
        self.assertEqual(again.plan_id, reply.plan_id)
        self.receive("FBA1", 60, "receive-1", receipt="dock-1")
        self.server.kill()
        self.server.start()
        type(self).client = self.server.client()
        # The same receipt under another key counts no second time.
        plan = self.receive("FBA1", 60, "receive-2", receipt="dock-1")
        self.assertTrue(plan.repeated_answer)
        self.assertEqual((plan.received[0], plan.open[0], plan.state), (60, 40, 1))
        self.assertEqual(before["headroom"] - self.room()["headroom"], 100 * UNIT)
        closed = self.client.Capacity.Close(
            idempotency_key="close-1", plan="FBA1", reason="short")
        self.assertEqual((closed.open[0], closed.state), (0, 3))
        self.assertEqual(before["headroom"] - self.room()["headroom"], 60 * UNIT)

    def tell(self, first, rows, plan):
        """Inbound receipts of the feed, each (item, units), under a plan's name."""
        keys = [self.keys[item] for item, _ in rows]
        return self.client.Inventory.Apply(
            source="dock", first_sequence=first, item_keys=keys, nodes=["AAA1"],
            node_indexes=[0] * len(rows), kinds=[INBOUND_RECEIPT] * len(rows),
            quantities=[units for _, units in rows], references=[plan] * len(rows))

    def plan(self, name):
        row = next(row for row in self.ask("plans")["rows"] if row["plan"] == name)
        return row["state"], int(row["received"]), int(row["open"])

    def test_a_plan_received_by_the_feed_ends_by_itself(self):
        before = self.room()["headroom"]
        self.admit("FBA9", 50)
        self.tell(1, [(0, 20), (0, 15)], "FBA9")
        self.assertEqual(self.plan("FBA9"), ("open", 35, 15))
        self.server.kill()
        self.server.start()
        type(self).client = self.server.client()
        # Told again after the restart, and then the rest.
        self.tell(1, [(0, 20), (0, 15)], "FBA9")
        self.assertEqual(self.plan("FBA9"), ("open", 35, 15))
        self.tell(3, [(0, 15)], "FBA9")
        self.assertEqual(self.plan("FBA9"), ("received", 50, 0))
        self.assertEqual(before - self.room()["headroom"], 50 * UNIT)
        # The last row was wrong.
        self.client.Inventory.ReverseFeed(
            idempotency_key="undo-dock", source="dock", from_sequence=3, to_sequence=3)
        self.assertEqual(self.plan("FBA9"), ("open", 35, 15))
        self.assertEqual(before - self.room()["headroom"], 50 * UNIT)
        self.client.Capacity.Close(idempotency_key="close-9", plan="FBA9", reason="short")
        self.assertEqual(self.plan("FBA9"), ("closed", 35, 0))

    def test_a_signal_shows_in_the_forecast(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        # A month that begins and ends within a year from now.
        month = (now + datetime.timedelta(days=62)).strftime("%Y-%m")
        self.ask("signal", "seller", self.keys[2], "--month", month, "--low", "3000", "--high",
                 "3000")
        seen = self.client.Inventory.InStock(item_keys=self.keys[2:4], horizon_days=365)
        self.assertEqual(seen.signal_weights_permille[0], 500)
        self.assertEqual(seen.signalled_milli[0], 1_500_000)
        self.assertEqual(seen.signalled_milli[1], 0)
        said = tool("in-stock", self.keys[2], "--horizon", "365", server=self.server.address).stdout
        self.assertIn("signalled by the seller (weight 50.0 %)", said)
        refused = tool("capacity", "signal", "seller", self.keys[2], "--month", "2020-01", "--low",
                       "1", "--high", "2", server=self.server.address, check=None)
        self.assertIn("it is over", refused.stdout + refused.stderr)

    def test_a_refusal_says_what_fits(self):
        room = self.room(item=self.keys[1])
        with self.assertRaises(Refused) as caught:
            self.admit("FBA2", room["admissible_units"] + 1, item=1)
        self.assertEqual(caught.exception.reason, "SELLER_LIMIT_REACHED")
        self.assertEqual(caught.exception.available_units, room["admissible_units"])
        self.assertIn("ask to be cut", str(caught.exception))
        what = self.client.Capacity.WhatIf(
            seller="seller", item_keys=[self.keys[1]], quantities=[room["admissible_units"] + 9],
            eta_unix_s=[self.eta])
        self.assertEqual(list(what.admitted), [room["admissible_units"]])
        self.assertEqual(what.plan_id, 0)
        self.assertEqual(self.room(), {k: v if k != "admissible_units" else -1
                                       for k, v in room.items()})

    def test_a_published_limit_is_not_lowered(self):
        with self.assertRaises(Refused) as caught:
            self.client.Capacity.PutLimits(
                idempotency_key="lower", sellers=["seller"], seller_indexes=[0],
                storage_types=[1], months=[self.month], kinds=[1],
                limits_micro_cubic_feet=[100 * FOOT])
        self.assertEqual(caught.exception.reason, "LIMIT_PUBLISHED")

    def test_bids_are_cleared_and_can_be_recomputed(self):
        month = f"{self.month // 100}-{self.month % 100:02}"
        self.ask("bid", "seller", "--type", "standard", "--month", month, "--volume", "30",
                 "--fee", "1.25")
        round_ = self.ask("clear", "US", "--type", "standard", "--month", month, "--volume", "100",
                          "--explain")
        self.assertEqual((round_["price"], round_["difference"]), (12_500, ""))
        self.assertEqual(round_["bids"][0]["granted"], 30 * FOOT)
        self.assertEqual(self.room()["granted"], 30 * FOOT)
        kept = self.ask("clear", "--clearing", str(round_["clearing_id"]), "--explain",
                        "--sales", "seller=100")
        self.assertEqual(kept["bids"][0]["credit"], 150_000)
        self.assertEqual(kept["difference"], "")
        said = tool("capacity", "clear", "--clearing", str(round_["clearing_id"]), "--explain",
                    server=self.server.address)
        self.assertIn("That is what the record says.", said.stdout)

    def test_the_tool_shows_bars_a_page_and_reports(self):
        said = tool("capacity", "seller", "--item", self.keys[0], "--optimistic",
                    server=self.server.address).stdout
        for word in ["█", "░", "on hand", "may be sent", "if sales go on", "announced"]:
            self.assertIn(word, said)
        page = self.server.home / "capacity.html"
        tool("capacity", "seller", "--html", str(page), server=self.server.address)
        self.assertIn("<svg", page.read_text())
        for report in ["near-limits", "plans", "limit-changes", "questionable", "bids",
                       "clearings", "signals", "overage", "removals", "policies"]:
            self.assertEqual(self.ask(report)["report"], report)
        self.assertEqual(self.ask("near-limits", "--threshold", "1")["rows"][0]["seller"], "seller")

    def test_buildings_removals_and_signals(self):
        self.client.Capacity.PutBuildings(
            idempotency_key="buildings", nodes=["BBB2"], node_indexes=[0], storage_types=[1],
            usable_micro_cubic_feet=[42 * FOOT])
        row = self.ask("utilization", "BBB2")["rows"][0]
        self.assertEqual((row["stored"], row["permille"], row["band"]), (40 * FOOT, 952, 2))
        before = self.room()["headroom"]
        self.ask("remove", "order", "RM1", f"{self.keys[3]}@BBB2=8")
        self.assertEqual(self.room()["headroom"] - before, 8 * UNIT)
        self.assertEqual(self.ask("remove", "ship", "RM1", f"{self.keys[3]}@BBB2=8")["pending"], 0)
        self.assertEqual(self.room()["headroom"] - before, 8 * UNIT)
        self.ask("signal", "seller", self.keys[0], "--month", "2030-01", "--low", "5", "--high", "9",
                 "--kind", "launch")
        self.assertIn("launch", [row["kind"] for row in self.ask("signals")["rows"]])

    def test_a_page_of_all_sellers(self):
        reply = self.client.Capacity.Headroom(page_size=10_000, months=1)
        self.assertEqual(reply.seller_keys, b"seller")
        self.assertEqual(len(reply.months), sum(reply.row_counts))


if __name__ == "__main__":
    unittest.main()
