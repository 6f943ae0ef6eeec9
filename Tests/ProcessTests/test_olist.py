"""The importer of the Brazilian marketplace: a source of three orders, and the real one where
PROMISED_DATA names it."""
import csv
import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, TOOL, Server, SERVER, data_directory
from world import load, wait_for_offers

IMPORTER = ROOT / "Tools/import/olist"


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(IMPORTER), *map(str, arguments)], capture_output=True, text=True,
        timeout=300)


def table(directory, name):
    with open(pathlib.Path(directory, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_world(test, out):
    """What holds of every output, whatever the source."""
    nodes = {row["node"] for row in table(out, "nodes.csv")}
    items = {row["item"] for row in table(out, "items.csv")}
    states = {row["zone"] for row in table(out, "zones.csv")}
    test.assertEqual(len(states), 27)
    for row in table(out, "nodes.csv"):
        test.assertRegex(row["postcode"], r"^\d{5}$")
        test.assertTrue(0 <= int(row["processing_minutes"]) <= 20160)
    prefixes = [row["postcode_prefix"] for row in table(out, "zones.csv")]
    test.assertEqual(len(prefixes), len(set(prefixes)))
    for row in table(out, "lanes.csv"):
        test.assertIn(row["origin"], nodes)
        points = [point.split(":") for point in row["transit"].split()]
        days = [int(day) for day, _ in points]
        test.assertEqual(days, sorted(set(days)))
        test.assertEqual(sum(int(share.replace(".", "")) for _, share in points), 10000)
    for row in table(out, "items.csv"):
        test.assertIn(row["seller"], nodes)
        test.assertGreater(float(row["volume_cubic_feet"]), 0)
        test.assertGreaterEqual(float(row["demand_variance_ratio"]), 1)
    for row in table(out, "positions.csv"):
        test.assertTrue(row["item"] in items and row["node"] in nodes)
        test.assertGreater(int(row["on_hand"]), 0)


class Olist(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="promised-olist.")
        self.addCleanup(shutil.rmtree, self.home)
        self.out = pathlib.Path(self.home, "out")

    def write(self, name, *lines):
        with gzip.open(pathlib.Path(self.home, name), "wt", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def write_source(self):
        self.write(
            "olist_orders_to_2018-03-31.csv.gz",
            "order_id,order_status,order_approved_at,order_delivered_carrier_date,"
            "order_delivered_customer_date,customer_zip_code_prefix,customer_state,seller_id,"
            "product_id,seller_state",
            # Monday 10:00 to Tuesday 12:00: 660 open minutes.
            *(f"{order},delivered,2018-02-19 10:00:00,2018-02-20 12:00:00,2018-02-{day} 15:00:00,"
              "1001,SP,s1,p1,SP" for order, day in (("o1", 23), ("o2", 24))),
            "o3,canceled,2018-02-19 10:00:00,,,20000,RJ,s1,p1,SP")
        self.write(
            "olist_order_items.csv.gz",
            "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
            "o1,1,p1,s1,2018-02-23 10:00:00,10,1", "o2,1,p1,s1,2018-02-24 10:00:00,10,1",
            "o9,1,p1,s1,2020-02-24 10:00:00,10,1")
        self.write(
            "olist_products.csv.gz",
            "product_id,product_category_name,product_weight_g,product_length_cm,"
            "product_height_cm,product_width_cm", "p1,x,500,20,10,15", "p2,x,,,,")
        self.write(
            "olist_sellers.csv.gz", "seller_id,seller_zip_code_prefix,seller_city,seller_state",
            's1,1037,"sao paulo, centro",SP')
        self.write("olist_zip_prefix_centroids.csv.gz", "zip_prefix,lat,lng",
                   "1037,-23.5,-46.6", "1001,-23.6,-46.7")

    def test_three_orders(self):
        self.write_source()
        done = run("--source", self.home, self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        check_world(self, self.out)
        node, = table(self.out, "nodes.csv")
        self.assertEqual((node["postcode"], node["processing_minutes"]), ("01037", "660"))
        self.assertEqual(node["title"], "Sao Paulo, Centro, SP")
        item, = table(self.out, "items.csv")
        self.assertEqual(item["volume_cubic_feet"], "0.105945")  # 3000 cm3, rounded up
        lane = next(row for row in table(self.out, "lanes.csv") if row["zone"] == "SP")
        # Friday is 3 working days after Tuesday; Saturday counts as the Monday after, 4.
        self.assertEqual([p.split(":")[0] for p in lane["transit"].split()], ["3", "4"])
        self.assertIn("01001", {row["postcode_prefix"] for row in table(self.out, "zones.csv")})
        notes = (self.out / "NOTES.md").read_text()
        self.assertIn("Assumed", notes)
        self.assertIn("On-hand", notes)

    def test_a_missing_file_or_column_is_named(self):
        done = run("--source", self.home, self.out)
        self.assertEqual(done.returncode, 66)
        self.assertIn("olist_orders_to_2018-03-31.csv.gz", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.write_source()
        self.write("olist_sellers.csv.gz", "seller_id,seller_city", "s1,x")
        done = run("--source", self.home, self.out)
        self.assertEqual(done.returncode, 66)
        self.assertIn("seller_zip_code_prefix", done.stderr)
        self.assertEqual(run(self.out).returncode, 64)

    def test_the_real_marketplace(self):
        source = data_directory("olist")
        done = run("--source", source, self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        check_world(self, self.out)
        self.assertGreater(len(table(self.out, "nodes.csv")), 2000)
        self.assertGreater(len(table(self.out, "items.csv")), 15_000)
        lanes = {(row["origin"], row["zone"]): row for row in table(self.out, "lanes.csv")}
        sellers = {row["node"] for row in table(self.out, "nodes.csv")}
        self.assertEqual(len(lanes), 27 * len(sellers))

    def test_the_real_marketplace_in_a_server(self):
        source = data_directory("olist")
        if not (SERVER.exists() and TOOL.exists()):
            self.skipTest("promised and promise are not built")
        self.assertEqual(run("--source", source, self.out, "--sellers", 300).returncode, 0)
        server = Server().start()
        self.addCleanup(server.remove)
        load(server, self.out)
        row = table(self.out, "positions.csv")[0]
        wait_for_offers(server, row["item"], "01037", country="BR")
        with server.client() as client:
            offer = client.Promises.Offer(
                item_keys=[row["item"]], country="BR", postcodes=["01037", "69999"])
            self.assertEqual(list(offer.outcomes), [0, 0])
            self.assertEqual(offer.node_names[offer.nodes[0]], row["node"])


if __name__ == "__main__":
    unittest.main()
