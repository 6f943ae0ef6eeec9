"""How likely an item is still there: from declared rates, forecasts and what was shipped."""
import unittest

from harness import Refused, Server, needs_server
from world import item, put_small_world

DAY = 86_400
DECLARED, FORECAST, EMBEDDED = 1, 2, 3
FORECAST_STALE, CATEGORY_ONLY = 2, 3


def put_item(client, key, category="", rate=0):
    client.Inventory.PutItems(
        item_keys=[key], sellers=["seller"], seller_indexes=[0], storage_types=[1],
        volumes_micro_cubic_feet=[250_000], demand_per_day_milli=[rate],
        demand_variance_ratio_milli=[1000], categories=[category], category_indexes=[0])


@needs_server
class Demand(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def start(self, *options):
        self.server.start(*options)
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        put_small_world(self.client)

    def in_stock(self, *keys, **more):
        return self.client.Inventory.InStock(item_keys=list(keys), **more)

    def test_weeks_of_shipments_become_a_forecast_and_a_history(self):
        self.start("--sandbox", "--sandbox-items", "500")
        for key in (item(1), item(2), item(3)):
            put_item(self.client, key, category="garden")
        unseen = self.in_stock(item(1))
        self.assertEqual((unseen.demand_sources[0], unseen.demand_met[0]), (0, 0))
        self.assertEqual(unseen.reasons[0], 1)
        self.assertEqual(unseen.days_of_cover_milli[0], -1)
        now = self.client.Admin.Ping().as_of.unix_s
        for day in range(40):
            now += DAY
            self.client.Admin.SetTime(unix_s=now)
            self.client.Inventory.Apply(
                source="dock", first_sequence=2 * day + 1, item_keys=[item(1), item(2)],
                nodes=["AAA1"], node_indexes=[0, 0], kinds=[2, 2],
                quantities=[10 + day % 3, 1 if day % 10 == 0 else 0])
        seen = self.in_stock(item(1), item(2), item(3), horizon_days=14)
        self.assertEqual(list(seen.demand_sources), [EMBEDDED] * 3)
        self.assertAlmostEqual(seen.demand_per_day_milli[0] / 1000, 11, delta=1.5)
        self.assertLess(seen.demand_per_day_milli[1] / 1000, 1)
        self.assertGreater(seen.sample_days_milli[0], 20_000)
        self.assertEqual((seen.reasons[2], seen.sample_days_milli[2]), (CATEGORY_ONLY, 0))
        self.assertGreater(seen.demand_met[0], 65_000)
        self.assertGreaterEqual(seen.demand_met[0], seen.still_buyable[0])
        self.assertGreaterEqual(seen.still_buyable[0], seen.never_out[0])
        self.assertLess(seen.demand_age_s[0], 2 * DAY)
        self.assertEqual(list(seen.history_days), [28, 28, 0])
        self.assertEqual(seen.rated_items, 2)
        self.assertEqual(seen.rate_by_demand, 65_535)

        history = self.client.Inventory.History(item_keys=[item(1)])
        self.assertEqual((history.day_counts[0], len(history.days)), (28, 28))
        self.assertEqual(history.days[27] - history.days[0], 27)
        self.assertTrue(all(10 <= units <= 12 for units in history.demand))
        self.assertEqual(set(history.in_stock), {65_535})
        self.assertEqual(history.on_hand[26] - history.on_hand[27], history.demand[27])
        week = self.client.Inventory.History(item_keys=[item(1)], days=7)
        self.assertEqual(list(week.days), list(history.days)[21:])

        shown, = self.server.json("in-stock", item(1), "--horizon", "30")["items"]
        self.assertEqual((shown["demand_source"], shown["history_days"]), (EMBEDDED, 28))
        table = self.server.tool("in-stock", item(1), item(3)).stdout
        self.assertIn("embedded", table)
        self.assertIn("by its category", table)
        days = self.server.json("history", item(1), "--days", "3")["items"][0]["days"]
        self.assertEqual(len(days), 3)
        self.assertIn("Sold so far today", self.server.tool("history", item(1)).stdout)
        self.server.tool("in-stock", item(1), "--demand", "guessed", check=2)

    def test_selling_out_makes_a_stock_out_date(self):
        self.start()
        put_item(self.client, "FEW", rate=2000)
        self.client.Inventory.PutPositions(
            item_keys=["FEW"], nodes=["AAA1"], node_indexes=[0], on_hand=[20])
        reply = self.in_stock("FEW", horizon_days=14)
        now = reply.as_of.unix_s
        self.assertEqual((reply.demand_sources[0], reply.demand_age_s[0]), (DECLARED, -1))
        self.assertEqual(reply.days_of_cover_milli[0], 10_000)
        dates = [
            round((reply.stock_out_p10_unix_s[0] - now) / DAY),
            round((reply.stock_out_p50_unix_s[0] - now) / DAY),
            round((reply.stock_out_p90_unix_s[0] - now) / DAY)]
        self.assertEqual(dates, sorted(dates))
        self.assertTrue(7 <= dates[0] and dates[2] <= 14, dates)
        # Nothing else is coming: to be out in between is to be out at the end.
        self.assertEqual(reply.never_out[0], reply.still_buyable[0])

    def put_forecast(self, key, issued, values, **more):
        given = dict(
            item_keys=[key], issued_unix_s=[issued], start_days=[issued // DAY - 1],
            period_days=[7], periods=[2], levels=[5000, 9000], values_milli=values)
        given.update(more)
        return self.client.Inventory.PutForecasts(**given)

    def test_forecasts_are_kept_across_a_kill_and_age_out(self):
        self.start()
        now = self.client.Admin.Ping().as_of.unix_s
        key = item(5)
        self.assertEqual(
            self.put_forecast(key, now, [70_000, 100_000] * 2, idempotency_key="f-1").rows, 1)
        before = self.in_stock(key)
        self.assertEqual(before.demand_sources[0], FORECAST)
        self.assertAlmostEqual(before.demand_per_day_milli[0] / 1000, 11, delta=2)
        self.assertEqual(self.in_stock(key, demand_source=DECLARED).demand_sources[0], DECLARED)
        for values, field in (
                ([70_000, -1] * 2, "values_milli"), ([1, 10**13] * 2, "values_milli"),
                ([1, 2, 3], "values_milli")):
            with self.assertRaises(Refused) as caught:
                self.put_forecast(key, now, values)
            self.assertIn(field, str(caught.exception))
        # One that is stale from the beginning: the declared rate answers, and says why.
        self.put_forecast(item(6), now - 15 * DAY, [70_000, 100_000] * 2)
        stale = self.in_stock(item(6))
        self.assertEqual(
            (stale.demand_sources[0], stale.reasons[0]), (DECLARED, FORECAST_STALE))
        self.server.kill()
        self.server.start()
        with self.server.client() as client:
            after = client.Inventory.InStock(item_keys=[key])
            self.assertEqual(after.demand_met[0], before.demand_met[0])
            self.assertEqual(after.demand_sources[0], FORECAST)
            client.Admin.TakeSnapshot()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        with self.server.client() as client:
            self.assertEqual(
                client.Inventory.InStock(item_keys=[key]).demand_sources[0], FORECAST)

    def test_todays_shipments_survive_a_kill(self):
        self.start()
        key = item(7)
        self.client.Inventory.Apply(
            source="dock", first_sequence=1, item_keys=[key, key], nodes=["AAA1"],
            node_indexes=[0, 0], kinds=[2, 1], quantities=[7, 30])
        self.assertEqual(self.client.Inventory.History(item_keys=[key]).today[0], 7)
        for snapshot in (False, True):
            if snapshot:
                with self.server.client() as client:
                    client.Admin.TakeSnapshot()
            self.server.kill()
            self.server.start()
            with self.server.client() as client:
                self.assertEqual(client.Inventory.History(item_keys=[key]).today[0], 7)


    def test_groups_channels_and_shipments_that_may_be_late(self):
        self.start()
        now = self.client.Admin.Ping().as_of.unix_s
        put_item(self.client, "PLACE", rate=2000)
        self.client.Inventory.PutPositions(
            item_keys=["PLACE"] * 2, nodes=["AAA1", "BBB2"], node_indexes=[0, 1],
            on_hand=[12, 9])
        self.client.Inventory.PutGroups(
            groups=["west", "east"], node_counts=[1, 1], nodes=["AAA1", "BBB2"],
            node_indexes=[0, 1])
        self.client.Inventory.PutChannelStock(
            channels=["app"], channel_indexes=[0], item_keys=["PLACE"], nodes=["AAA1"],
            node_indexes=[0], buffers=[4])
        self.client.Inventory.PutInbound(
            shipment_keys=["LATE"], item_keys=["PLACE"], nodes=["BBB2"], node_indexes=[0],
            quantities=[40], eta_unix_s=[now + 3 * DAY], stages=[3],
            eta_early_unix_s=[now + DAY], eta_late_unix_s=[now + 5 * DAY])
        west = self.in_stock("PLACE", horizon_days=4, group="west", demand_share_milli=500)
        self.assertEqual((west.available_now[0], west.inbound_in_horizon[0]), (12, 0))
        self.assertEqual((west.demand_per_day_milli[0], west.reasons[0]), (1000, 0))
        whole = self.in_stock("PLACE", horizon_days=4, group="west", channel="app")
        self.assertEqual((whole.available_now[0], whole.reasons[0]), (8, 6))
        east = [
            self.in_stock("PLACE", horizon_days=days, group="east").demand_met[0]
            for days in (3, 4, 7)]
        # Half have come by the third day, 70 % by the fourth, all by the seventh.
        self.assertAlmostEqual(east[0] / 65_535, 0.5 + 0.5 * 0.916, delta=0.01)
        self.assertGreater(east[2], 65_000)
        dates = {}
        for confidence in (0, 6_600, 58_982):
            reply = self.client.Inventory.Atp(
                item_keys=["PLACE"], groups=["east"], confidence=confidence)
            self.assertEqual(list(reply.step_units), [9, 49])
            dates[confidence] = (reply.step_unix_s[1] - now) / DAY
        self.assertAlmostEqual(dates[0], 3, delta=0.01)
        self.assertAlmostEqual(dates[6_600], 1, delta=0.02)
        self.assertAlmostEqual(dates[58_982], 5, delta=0.02)
        with self.assertRaises(Refused) as refused:
            self.in_stock("PLACE", group="nowhere")
        self.assertEqual(refused.exception.reason, "GROUP_UNKNOWN")
        shown = self.server.json(
            "in-stock", "PLACE", "--group", "west", "--share", "500", "--horizon", "4")
        self.assertEqual(shown["items"][0]["available_now"], 12)
        pair, = self.server.json("atp", "PLACE", "--group", "east", "--confidence", ".9")["pairs"]
        self.assertEqual(pair["available_now"], 9)


if __name__ == "__main__":
    unittest.main()
