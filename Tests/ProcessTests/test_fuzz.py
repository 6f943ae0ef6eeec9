"""Random requests to every method, drawn from a real world with edges here and there: whatever a
client sends, the server answers, stays small, keeps its books, and comes back from a kill as it
was."""
import collections
import csv
import os
import pathlib
import random
import shutil
import unittest

from draws import Draws
from harness import Refused, Server, make_sample, needs_server, wire
from world import load, small_network

REQUESTS = int(os.environ.get("PROMISED_REQUESTS", "5000"))
SEED = int(os.environ.get("PROMISED_SEED", "1"))
NOT_ASKED = {"Drain", "SetTime", "Cancel", "Authenticate", "ApplyStream", "Watch"}
# Dear, or of little use when asked often; a method asked often must be granted at times, or the
# requests prove nothing.
RARELY = {
    "TakeSnapshot", "Put", "Audit", "CommitLoad", "BeginLoad", "AbortLoad", "GetDescriptorSet"}


def vocabulary(directory):
    """The sample's names, few of each so that requests meet."""
    def column(file, name, most=8):
        with open(pathlib.Path(directory, file), newline="") as rows:
            return list(dict.fromkeys(
                row[name] for row in csv.DictReader(rows) if row[name]))[:most]
    return {
        "items": column("items.csv", "item", 16), "nodes": column("nodes.csv", "node", 5),
        "sellers": column("sellers.csv", "seller", 1) * 3 + column("sellers.csv", "seller", 3),
        "groups": column("groups.csv", "group"),
        "channels": column("channels.csv", "channel"), "kits": column("kits.csv", "kit"),
        "legs": column("legs.csv", "leg"), "stations": column("legs.csv", "destination", 6)
        + column("legs.csv", "origin", 6),
        "zones": column("zones.csv", "zone"), "prefixes": column("zones.csv", "postcode_prefix"),
        "calendars": column("calendars.csv", "calendar"),
        "services": column("lanes.csv", "service"), "marketplaces": ["US"], "countries": ["US", ""],
        "postcodes": ["98109", "10001", "33101", "60601"], "currencies": ["USD"],
        "time_zones": ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe"],
        "categories": ["", "toys", "shoes"], "owners": [f"cart-{i}" for i in range(6)],
        "keys": [f"key-{i}" for i in range(100_000)], "loads": ["load-1"],
        "plans": [f"plan-{i}" for i in range(12)], "orders": [f"removal-{i}" for i in range(6)],
        "receipts": [f"receipt-{i}" for i in range(40)], "sources": ["wms-1", "wms-2", "erp"],
        "references": ["SHOWCASE-1", "SHIP-1", "SHIP-2", "TRANSFER-1"]}


@needs_server
class Fuzz(unittest.TestCase):
    def setUp(self):
        directory = make_sample(400)
        self.addCleanup(shutil.rmtree, directory, True)
        self.server = Server().start()
        self.addCleanup(self.server.remove)
        load(self.server, directory)
        self.draws = Draws(random.Random(SEED), vocabulary(directory))
        self.client = self.server.client(timeout=5)
        self.addCleanup(lambda: self.client.close())
        self.granted = collections.defaultdict(list)
        self.grant_the_large()
        self.outcomes = collections.defaultdict(collections.Counter)

    def grant(self, service, method, **values):
        """What is too large to be drawn: what is granted once is changed a little."""
        asked, _ = self.client.schema.method(service, method)
        self.granted[service, method].append(wire.fill(asked(), values).SerializeToString())

    def grant_the_large(self):
        items, inventory = self.draws.world.names["items"], "promised.v1.Inventory"
        self.grant("promised.v1.Network", "Put", **small_network())
        self.grant(
            inventory, "PutGroups", groups=["west", "east"], node_counts=[2, 1],
            nodes=self.draws.world.names["nodes"], node_indexes=[0, 1, 2])
        self.grant(
            inventory, "PutForecasts", item_keys=items[:2],
            issued_unix_s=[self.draws.world.now] * 2,
            start_days=[self.draws.world.now // 86_400] * 2, period_days=[7, 1], periods=[2, 1],
            levels=[1000, 5000, 9000], values_milli=[1000, 5000, 9000] * 3)
        self.grant("promised.v1.Admin", "BeginLoad", load_id="load-1", mode=1, chunk_count=1)

    def allocate(self, number):
        """Stock that arrives and a committed claim on it: what an order's later steps need."""
        random, names = self.draws.random, self.draws.world.names
        item, node = random.choice(names["items"]), random.choice(names["nodes"])
        self.ask_of("promised.v1.Inventory", "Apply", source="dock", first_sequence=number,
                    item_keys=[item], nodes=[node], node_indexes=[0], kinds=[1], quantities=[9])
        hold = self.ask_of("promised.v1.Holds", "Hold", idempotency_key=f"allocate-{number}",
                           owner=random.choice(names["owners"]), nodes=[node], item_keys=[item],
                           node_indexes=[0], quantities=[random.randint(1, 5)], ttl_s=600)
        if hold is not None and random.random() < 0.6:
            self.ask_of("promised.v1.Holds", "Commit", idempotency_key=f"commit-{number}",
                        owner=hold.owner, hold_id=self.draws.world.holds[-1][0])

    def ask_of(self, service, method, **values):
        """The message, if it was granted."""
        asked, answered = self.client.schema.method(service, method)
        message = wire.fill(asked(), values)
        return message if self.say(service, method, message, answered) is None else None

    def methods(self):
        pool = self.client.schema.pool
        found = []
        for service in ("Promises", "Inventory", "Holds", "Capacity", "Network", "Admin", "Meta"):
            described = pool.FindServiceByName(f"promised.v1.{service}")
            found += [(described.full_name, method) for method in described.methods_by_name
                      if method not in NOT_ASKED]
        return found

    def ask(self, service, method):
        asked, answered = self.client.schema.method(service, method)
        granted, random = self.granted[service, method], self.draws.random
        message = asked()
        if granted and random.random() < 0.5:
            message.ParseFromString(random.choice(granted))
            self.draws.mutate(message)
        else:
            self.draws.fill(message)
        for _ in range(self.draws.random.choice([0, 4, 12]) + 1):
            refusal = self.say(service, method, message, answered)
            if refusal is None:
                self.granted[service, method] = granted[-19:] + [message.SerializeToString()]
                break
            if not self.draws.mend(message, refusal.message):
                break

    def say(self, service, method, message, answered):
        """Asks; the refusal, if it is one."""
        payload = message.SerializeToString()
        try:
            future = self.client.send_raw(service, method, payload, 5, (), answered.FromString)
            answer = future.result(30)
        except Refused as refusal:
            self.outcomes[service, method][refusal.reason] += 1
            self.assertNotIn(refusal.code, ("INTERNAL", "UNKNOWN"), f"{method}\n{message}")
            return refusal
        except (OSError, TimeoutError) as error:
            self.fail(f"{service}/{method}: {error!r}, seed {SEED}\n{message}\n"
                      f"{self.server.stderr()}")
        else:
            self.outcomes[service, method]["OK"] += 1
            self.draws.world.learn(method, message, answer)
        return None

    def test_whatever_a_client_sends(self):
        methods = self.methods()
        weights = [0.1 if method in RARELY else 1 for _, method in methods]
        before = self.server.resident_bytes()
        for number in range(REQUESTS):
            if number % 40 == 0:
                self.allocate(number // 40 + 1)
            self.ask(*self.draws.random.choices(methods, weights)[0])
        with self.subTest("the books are right"):
            self.assertTrue(self.client.Admin.Audit().sound)
        with self.subTest("it stays small"):
            self.assertLess(self.server.resident_bytes() - before, 800 << 20)
        with self.subTest("every method was reached behind its form"):
            refused = [name for name in methods
                       if name[1] not in RARELY and not self.outcomes[name]["OK"]]
            self.assertEqual(refused, [], {name: dict(self.outcomes[name]) for name in refused})
        self.comes_back_the_same()

    def comes_back_the_same(self):
        """What was acknowledged is replayed without a stop, to the same stock; holds may expire
        meanwhile."""
        items = self.draws.world.names["items"]
        ask = dict(item_keys=items)
        stock = self.client.Inventory.Availability(**ask)
        self.client.close()
        self.server.restart()
        self.client = self.server.client(timeout=5)
        again = self.client.Inventory.Availability(**ask)
        for reply in (stock, again):
            for name in ("as_of", "held", "available_now", "claimed_later"):
                reply.ClearField(name)
        self.assertMultiLineEqual(str(stock), str(again))
        self.assertTrue(self.client.Admin.Audit().sound)

    maxDiff = None

    def tearDown(self):
        if os.environ.get("PROMISED_VERBOSE"):
            for (service, method), counts in sorted(self.outcomes.items()):
                print(f"    {service.split('.')[-1]}/{method}: {dict(counts.most_common(6))}")
