"""What an operator and a caller see: ready line, exit codes, the client tool, HTTP on the port."""
import http.client
import os
import shutil
import subprocess
import unittest

from harness import (
    EXIT_CONFIGURATION, EXIT_LOCKED, SERVER, TOOL, Client, Refused, Server, make_sample,
    needs_server, run_server, tool, wire)
from world import load, put_small_world, wait_for_offers


def listed(client, kind):
    """All cells of a kind, row by row."""
    page = client.Inventory.List(kind=kind, page_size=10000)
    cells = [cell.decode() for cell in wire.cut(page.cells, page.cell_lengths)]
    width = len(page.columns)
    return [cells[at:at + width] for at in range(0, len(cells), width)]


@needs_server
class Starting(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def test_the_first_line_names_the_port_and_a_polite_stop_is_zero(self):
        self.server.start()
        host, port = self.server.address.split(":")
        self.assertEqual(host, "127.0.0.1")
        self.assertGreater(int(port), 0)
        with self.server.client() as client:
            self.assertEqual(client.Health.Check().status, 1)
        self.assertEqual(self.server.stop(), 0)

    def test_a_wrong_key_in_the_configuration_is_64_and_named(self):
        path = self.server.home / "promised.conf"
        path.write_text("lisstening = 127.0.0.1:0\n")
        done = run_server("--data", self.server.data, "--listen", "127.0.0.1:0", "--config", path)
        self.assertEqual(done.returncode, EXIT_CONFIGURATION, done.stderr)
        self.assertIn("lisstening", done.stderr)

    def test_an_unknown_option_is_64_and_named(self):
        done = run_server("--data", self.server.data, "--lissten", "127.0.0.1:0")
        self.assertEqual(done.returncode, EXIT_CONFIGURATION, done.stderr)
        self.assertIn("--lissten", done.stderr)

    def test_a_second_server_on_the_same_data_is_75(self):
        self.server.start()
        done = run_server("--data", self.server.data, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, EXIT_LOCKED, done.stderr)
        with self.server.client() as client:
            self.assertEqual(client.Health.Check().status, 1)

    def test_a_bind_that_others_reach_is_refused_unless_asked_for(self):
        done = run_server("--data", self.server.data, "--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, EXIT_CONFIGURATION, done.stderr)
        self.assertIn("--unsafe-plaintext", done.stderr)
        self.assertFalse((self.server.data / "manifest").exists())
        self.server.start("--listen", "0.0.0.0:0", "--unsafe-plaintext")
        with Client(self.server.address.replace("0.0.0.0", "127.0.0.1")) as client:
            self.assertEqual(client.Health.Check().status, 1)

    def test_a_unix_socket_beside_the_port(self):
        path = self.server.home / "promised.sock"
        self.server.start("--socket", str(path))
        with Client(f"unix:{path}") as client:
            self.assertEqual(client.Health.Check().status, 1)

    def test_kits_values_and_rates_are_listed_and_survive_a_restart(self):
        self.server.start()
        with self.server.client() as client:
            put_small_world(client)
            node = listed(client, 2)[0][0]
            client.Inventory.PutKits(
                idempotency_key="kits-1", kit_keys=["KIT", "KIT"],
                component_keys=["PART-1", "PART-2"], units=[2, 1])
            client.Inventory.PutOpportunity(
                item_keys=["PART-1"], nodes=[node], node_indexes=[0], values=[-12500])
            client.Network.Put(rates=[
                {"level": 2, "fixed_cost": 45000, "break_grams": [500], "break_costs": [0]}])
            with self.assertRaises(Refused) as caught:
                client.Inventory.PutKits(
                    kit_keys=["KIT"], component_keys=["KIT"], units=[1])
            self.assertEqual((caught.exception.reason, caught.exception.row), ("ROW_INVALID", 0))
            before = [listed(client, kind) for kind in (10, 11, 12)]
            self.assertEqual(before, [
                [["", "standard", "", "45000", "500:0", "0", "0"]],
                [["KIT", "2 x PART-1; 1 x PART-2"]], [["PART-1", node, "-12500"]]])
            self.assertEqual(client.Network.Get().rates, 1)
        for snapshot in (False, True):
            if snapshot:
                with self.server.client() as client:
                    client.Admin.TakeSnapshot()
            self.assertEqual(self.server.stop(), 0)
            self.server.start()
            with self.server.client() as client:
                self.assertEqual([listed(client, kind) for kind in (10, 11, 12)], before)

    def test_a_sandbox_has_the_sample_world_and_a_clock_to_set(self):
        self.server.start("--sandbox", "--sandbox-items", "500")
        with self.server.client() as client:
            self.assertTrue(client.Meta.Hello().sandbox)
            self.assertEqual(client.Admin.Status().items, 500)
            wait_for_offers(self.server, "B0THREEFCS", "98109")
            tomorrow = client.Admin.Ping().as_of.unix_s + 86_400
            client.Admin.SetTime(unix_s=tomorrow)
            self.assertGreaterEqual(client.Admin.Ping().as_of.unix_s, tomorrow)
            offer = client.Promises.Offer(item_keys=["B0THREEFCS"], postcodes=["98109"])
            self.assertEqual(list(offer.outcomes), [0])
            self.assertGreater(offer.order_by_unix_s[0], tomorrow)
        self.assertFalse(self.server.data.exists())

    def test_only_a_sandbox_has_a_clock_to_set(self):
        self.server.start()
        with self.server.client() as client, self.assertRaises(Refused) as caught:
            client.Admin.SetTime(unix_s=2_000_000_000)
        self.assertEqual(caught.exception.reason, "SANDBOX_ONLY")

    def test_two_servers_on_two_directories_know_nothing_of_each_other(self):
        other = Server()
        self.addCleanup(other.remove)
        self.server.start()
        other.start()
        with self.server.client() as client:
            put_small_world(client, items=3)
        with other.client() as client:
            self.assertEqual(client.Admin.Status().items, 0)
        with self.server.client() as client:
            self.assertEqual(client.Admin.Status().items, 3)


@needs_server
class Asking(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.remove)
        directory = make_sample(items=2000)
        cls.addClassCleanup(shutil.rmtree, directory)
        load(cls.server, directory)
        wait_for_offers(cls.server, "B0THREEFCS", "98109")

    def setUp(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def test_everything_was_loaded(self):
        status = self.client.Admin.Status()
        self.assertEqual(status.items, 2000)
        self.assertGreater(status.positions, 4000)
        self.assertEqual((status.nodes, status.sellers), (153, 500))

    def test_an_offer_has_a_window_an_order_by_a_centre_and_legs(self):
        reply = self.client.Promises.Offer(
            item_keys=["B0THREEFCS", "B0SOLDOUT0"], postcodes=["98109", "10002"], with_path=True)
        self.assertEqual(list(reply.outcomes)[:2], [0, 0])
        self.assertTrue(all(reply.outcomes[2:]))
        self.assertEqual(reply.node_names[reply.nodes[0]], "BFI4")
        for row in range(2):
            self.assertLess(reply.as_of.unix_s, reply.order_by_unix_s[row])
            self.assertLess(reply.order_by_unix_s[row], reply.window_to_unix_s[row])
            self.assertLess(reply.window_from_unix_s[row], reply.window_to_unix_s[row])
            self.assertGreater(reply.leg_counts[row], 0)
        self.assertEqual(list(reply.postcode_exact)[:2], [1, 0])
        self.assertEqual(sum(reply.leg_counts), len(reply.leg_departure_unix_s))
        for left, arrived in zip(reply.leg_departure_unix_s, reply.leg_arrival_unix_s):
            self.assertLess(left, arrived)

    def test_the_tool_answers_in_json_with_the_protos_names(self):
        offer, = self.server.json("offer", "B0THREEFCS", "--to", "98109")["offers"]
        self.assertEqual((offer["node"], offer["postcode_exact"]), ("BFI4", True))
        self.assertGreater(offer["window_to_unix_s"], offer["order_by_unix_s"])
        self.assertRegex(offer["window_to"], r"^\d{4}-\d\d-\d\dT\d\d:00:00-0[78]:00$")
        stock, = self.server.json("stock", "B0THREEFCS")["items"]
        self.assertEqual(
            {row["node"]: row["on_hand"] for row in stock["positions"]},
            {"BFI4": 142, "DFW7": 95, "ABE8": 220})
        self.assertGreater(stock["in_stock"]["demand_met"], 0)
        seller, = self.server.json(
            "capacity", "cascade-goods", "--item", "B0THREEFCS")["sellers"]
        for row in seller["rows"]:
            self.assertEqual(row["headroom_units"], row["headroom"] // 350_000)
        hold = self.server.json("hold", "B0OVERSIZE@LAX9=2", "--owner", "cart", "--key", "tool-1")
        again = self.server.json("hold", "B0OVERSIZE@LAX9=2", "--owner", "cart", "--key", "tool-1")
        self.assertEqual(again["hold_id"], hold["hold_id"])
        self.server.json("commit", hold["hold_id"], "--owner", "cart")
        self.assertEqual(self.client.Holds.Get(hold_id=hold["hold_id"]).state, 2)
        self.server.json("release", hold["hold_id"], "--owner", "cart")
        self.assertEqual(self.client.Holds.Get(hold_id=hold["hold_id"]).state, 3)
        self.server.tool("hold", "B0SOLDOUT0@ONT8=1", "--owner", "cart", check=1)

    def test_a_hold_lowers_what_is_available_and_a_release_gives_it_back(self):
        def available():
            reply = self.client.Inventory.Availability(item_keys=["B0OVERSIZE"], nodes=["MDW7"])
            return reply.available_now[0]
        before = available()
        hold = self.client.Holds.Hold(
            idempotency_key="asking-1", owner="cart", nodes=["MDW7"], item_keys=["B0OVERSIZE"],
            node_indexes=[0], quantities=[3])
        self.assertEqual(available(), before - 3)
        self.client.Holds.Release(idempotency_key="asking-2", owner="cart", hold_id=hold.hold_id)
        self.assertEqual(available(), before)
        with self.assertRaises(Refused) as caught:
            self.client.Holds.Hold(
                idempotency_key="asking-3", owner="cart", nodes=["MDW7"], item_keys=["B0OVERSIZE"],
                node_indexes=[0], quantities=[before + 1])
        self.assertEqual(caught.exception.reason, "INSUFFICIENT_STOCK")
        self.assertEqual(caught.exception.available_units, before)

    def test_the_last_unit_is_granted_once(self):
        def hold(number):
            return self.client.send(
                "promised.v1.Holds", "Hold", idempotency_key=f"last-{number}", owner=f"{number}",
                nodes=["BFI4"], item_keys=["B0LASTUNIT"], node_indexes=[0], quantities=[1])
        answers = [future.exception(20) for future in [hold(number) for number in range(50)]]
        self.assertEqual(sum(1 for answer in answers if answer is None), 1)
        self.assertEqual(
            {answer.reason for answer in answers if answer is not None}, {"INSUFFICIENT_STOCK"})

    def test_in_stock_says_when_and_how_likely(self):
        reply = self.client.Inventory.InStock(
            item_keys=["B0THREEFCS", "B0SOLDOUT0", "B0INBOUND1"], horizon_days=14)
        self.assertEqual(list(reply.outcomes), [0, 0, 0])
        self.assertGreater(reply.demand_met[0], 60_000)
        self.assertEqual(reply.still_buyable[1], 0)
        self.assertGreater(reply.next_supply_unix_s[2], reply.as_of.unix_s)
        self.assertEqual(reply.inbound_in_horizon[2], 650)

    def test_headroom_in_cubic_feet_and_in_units(self):
        reply = self.client.Capacity.Headroom(sellers=["cascade-goods"], item="B0THREEFCS")
        self.assertEqual(list(reply.outcomes), [0])
        self.assertEqual(set(reply.storage_types), {1})
        for row, headroom in enumerate(reply.headroom):
            self.assertEqual(reply.headroom_units[row], headroom // 350_000)

    def test_what_is_not_known_is_named(self):
        among = self.client.Inventory.Availability(item_keys=["B0THREEFCS", "B0NOTTHERE"])
        self.assertEqual(list(among.outcomes), [0, 1])
        with self.assertRaises(Refused) as caught:
            self.client.Inventory.Availability(item_keys=["B0NOTTHERE"])
        self.assertEqual((caught.exception.code, caught.exception.key), ("NOT_FOUND", "B0NOTTHERE"))
        with self.assertRaises(Refused) as caught:
            self.client.Holds.Hold(
                idempotency_key="unknown-1", owner="cart", nodes=["BFI4"],
                item_keys=["B0NOTTHERE"], node_indexes=[0], quantities=[1])
        self.assertEqual(caught.exception.code, "NOT_FOUND")
        self.assertEqual(caught.exception.key, "B0NOTTHERE")
        self.assertEqual(caught.exception.row, 0)
        said = self.server.tool("offer", "B0NOTTHERE", "--to", "98109", check=1)
        self.assertIn("B0NOTTHERE", said.stdout + said.stderr)

    def test_http_on_the_same_port(self):
        host, port = self.server.address.split(":")
        for path, text in (("/healthz", b""), ("/metrics", b"promised_")):
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            self.assertEqual(response.status, 200)
            self.assertIn(text, body)
            connection.close()
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", "/elsewhere")
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()

    def test_the_descriptor_set_describes_the_envelope_too(self):
        names = [file for file in ("ttrpc/ttrpc.proto", "promised/v1/holds.proto")]
        for name in names:
            self.assertIsNotNone(self.client.schema.pool.FindFileByName(name))

    def test_the_go_client(self):
        source = os.path.join(os.path.dirname(__file__), "../../Tools/clients/go-smoke/run")
        if not shutil.which("go"):
            raise unittest.SkipTest("go is not installed")
        done = subprocess.run(
            [source, self.server.address], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


@needs_server
class Tool(unittest.TestCase):
    def test_help_and_usage(self):
        if not TOOL.exists():
            raise unittest.SkipTest(f"{TOOL} is not built")
        self.assertIn("offer", tool("--help").stdout)
        self.assertRegex(tool("--version").stdout, r"^promise \d+\.\d+\.\d+\n$")
        for command in ("offer", "stock", "capacity", "hold", "load", "list", "snapshot",
                        "verify", "status"):
            with self.subTest(command):
                self.assertIn(f"promise {command}", tool(command, "--help").stdout)
        tool("no-such-command", check=2)

    def test_an_unreachable_server_is_69(self):
        tool("status", server="127.0.0.1:1", check=69)


if __name__ == "__main__":
    assert SERVER.exists(), f"{SERVER} is not built"
    unittest.main()
