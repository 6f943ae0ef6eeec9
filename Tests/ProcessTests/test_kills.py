"""kill -9 under load, again and again: nothing acknowledged is lost, nothing is half done.

Each round starts the server, lets several callers hold, commit, release and feed at full speed,
kills the process at a random moment, starts it again and compares every position with a shadow
model. An operation whose answer never came is asked again with its key: the repeated answer says
whether it had happened, and then the state *before* that question must have had all of it or none.

PROMISED_KILLS sets the number of kills (100), PROMISED_SEED the seed.
"""
import os
import random
import threading
import time
import unittest

from harness import Client, Disconnected, Refused, Server, needs_server
from shadow import COMMITTED, HELD, Shadow
from world import NODES, item, positions, put_small_world

KILLS = int(os.environ.get("PROMISED_KILLS", "100"))
SEED = int(os.environ.get("PROMISED_SEED", "1"))
CALLERS, ITEMS, STOCK, MAX_OPEN = 8, 24, 400, 60
SCARCE_ITEMS, SCARCE_STOCK = 4, 15  # never fed, so that the last units are fought over
FEED_KINDS = {"add": 1, "count": 4}
ALREADY_APPLIED = 48


class Operation:
    """Something asked for: how, and what becomes true if it happens."""

    def __init__(self, service, method, values, effect):
        self.service, self.method, self.values, self.effect = service, method, values, effect

    def ask(self, client):
        return client.call(self.service, self.method, timeout=20, **self.values)


class Caller:
    """One thread of work on one connection; its own random numbers, its own holds and source."""

    def __init__(self, number, campaign):
        self.number, self.campaign = number, campaign
        self.random = random.Random(campaign.seed * 1000 + number)
        self.asked, self.sequence = 0, 0
        self.open = {}  # the holds this caller owns, by id, and whether each is still only held
        self.unknown = None  # what the connection ended under
        self.latest = None  # the last that was answered, with its answer
        self.done, self.error = 0, None
        self.last_position = 0

    @property
    def owner(self):
        return f"owner-{self.number}"

    def key(self):
        self.asked += 1
        return f"{self.owner}-{self.asked}"

    def next(self):
        draw = self.random.random()
        if self.open and (len(self.open) > MAX_OPEN or draw < 0.4):
            return self.change("Release" if draw < 0.25 else "Commit")
        return self.feed() if draw > 0.8 else self.hold()

    def hold(self):
        wanted = self.campaign.scarce if self.random.random() < 0.3 else self.campaign.shared
        places = self.random.sample(
            [(key, node) for key in wanted for node in NODES],
            self.random.randint(1, 3))
        units = [self.random.randint(1, 9) for _ in places]
        return Operation(
            "promised.v1.Holds", "Hold", dict(
                idempotency_key=self.key(), owner=self.owner, ttl_s=86_400, nodes=NODES,
                item_keys=[key for key, _ in places],
                node_indexes=[NODES.index(node) for _, node in places], quantities=units),
            ("hold", list(zip(places, units))))

    def change(self, method):
        hold_id = self.random.choice(list(self.open))
        if self.open[hold_id] != HELD:
            method = "Release"  # nobody commits twice
        return Operation(
            "promised.v1.Holds", method,
            dict(idempotency_key=self.key(), owner=self.owner, hold_id=hold_id),
            (method, hold_id))

    def feed(self):
        """Counts go to items of this caller alone, so that their order is its own."""
        rows = []
        for _ in range(self.random.randint(1, 4)):
            node = self.random.choice(NODES)
            if self.random.random() < 0.5:
                rows.append(((self.campaign.own[self.number], node),
                             ("count", self.random.randint(0, 5000))))
            else:
                rows.append(((self.random.choice(self.campaign.shared), node),
                             ("add", self.random.randint(1, 5))))
        return Operation(
            "promised.v1.Inventory", "Apply", dict(
                source=f"source-{self.number}", first_sequence=self.sequence + 1,
                item_keys=[key for (key, _), _ in rows], nodes=NODES,
                node_indexes=[NODES.index(node) for (_, node), _ in rows],
                kinds=[FEED_KINDS[kind] for _, (kind, _) in rows],
                quantities=[units for _, (_, units) in rows]),
            ("feed", rows))

    def work(self, address):
        """Asks until the connection ends; the operation it ended under stays in `unknown`."""
        try:
            with Client(address, schema=self.campaign.schema) as client:
                while True:
                    operation = self.next()
                    self.unknown = operation
                    try:
                        reply = operation.ask(client)
                    except Refused as refusal:
                        self.refused(operation, refusal)
                    else:
                        self.happened(operation, reply)
                    self.unknown = None
                    self.done += 1
        except (Disconnected, OSError):
            pass
        except Exception as error:  # reported by the campaign
            self.error = error

    def refused(self, operation, refusal):
        if refusal.reason != "INSUFFICIENT_STOCK" or operation.method not in ("Hold", "Commit"):
            raise AssertionError(f"{operation.method} {operation.values}: {refusal}")

    def happened(self, operation, reply, remembered=False):
        """Notes that it happened, for the shadow.

        A remembered answer may carry the position it was asked again at. What gives units back is
        then taken as early as it can have been, right after the caller's operation before it, so
        that whoever got those units is not called an overseller.
        """
        kind, what = operation.effect
        position = reply.as_of.position
        if remembered and kind in ("Release", "feed"):
            position = min(position, self.last_position + 0.5)
        elif not remembered and position <= self.last_position:
            raise AssertionError(f"position {position} after {self.last_position} of one caller")
        self.last_position = max(self.last_position, reply.as_of.position)
        self.latest = (operation, reply)
        with self.campaign.lock:
            self.campaign.pending.append((position, kind, what, self, reply))
            if kind == "hold":
                self.open[reply.hold_id] = HELD
            elif kind == "Commit":
                self.open[what] = COMMITTED
            elif kind == "Release":
                del self.open[what]
            else:
                self.sequence += len(what)
                assert reply.last_sequence == self.sequence, "the high-water mark is elsewhere"

    def resolve(self, client):
        """Asks the unknown operation again. Returns (it had happened, its reply or None)."""
        operation = self.unknown
        try:
            reply = operation.ask(client)
        except Refused as refusal:
            self.refused(operation, refusal)
            return False, None
        if operation.method == "Apply":
            had = [outcome == ALREADY_APPLIED for outcome in reply.outcomes]
            if any(had) and not all(had):
                raise AssertionError(f"a feed batch was applied in part: {list(reply.outcomes)}")
            return all(had), reply
        return reply.repeated_answer, reply


    def is_remembered(self, client):
        """Whether the last answered operation, asked again, gives its answer and does nothing."""
        operation, first = self.latest
        reply = operation.ask(client)
        if operation.method == "Apply":
            return set(reply.outcomes) == {ALREADY_APPLIED}
        return reply.repeated_answer and reply.hold_id == first.hold_id


class Campaign:
    def __init__(self, seed, **options):
        self.seed = seed
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.pending = []  # what happened since the last comparison
        self.server = Server("--snapshot-every", "0", **options).start()
        with self.server.client() as client:
            self.schema = client.schema
            keys = [item(index) for index in range(ITEMS)]
            self.own, self.shared = keys[:CALLERS], keys[CALLERS:-SCARCE_ITEMS]
            self.scarce = keys[-SCARCE_ITEMS:]
            self.keys = put_small_world(client, items=ITEMS, stock=self.stock)
        self.shadow = Shadow({(key, node): self.stock(key) for key in keys for node in NODES})
        self.callers = [Caller(number, self) for number in range(CALLERS)]
        self.last_seen = 0

    def stock(self, key):
        return SCARCE_STOCK if key in self.scarce else STOCK

    def apply_pending(self):
        """In the order of the log, which is the order in which the server says they happened."""
        self.pending.sort(key=lambda entry: entry[0])
        for position, kind, what, caller, reply in self.pending:
            if kind == "hold":
                self.shadow.held(reply.hold_id, what)
            elif kind == "Commit":
                self.shadow.committed(what)
            elif kind == "Release":
                self.shadow.released(what)
            else:
                self.shadow.applied(f"source-{caller.number}", reply.last_sequence, what)
        self.pending = []

    def expect(self, truth, message):
        if not truth:
            raise AssertionError(message)

    def compare(self, client, when):
        found, position = positions(client, self.keys)
        wrong = self.shadow.differences(found)
        self.expect(not wrong, f"{when}:\n" + "\n".join(wrong[:20]))
        self.expect(position >= self.last_seen, f"{when}: position {position} went backwards")
        return position

    def round(self, number):
        threads = [
            threading.Thread(target=caller.work, args=(self.server.address,), daemon=True)
            for caller in self.callers]
        for thread in threads:
            thread.start()
        snapshot = None
        if self.random.random() < 0.3:
            snapshot = threading.Thread(target=self.take_snapshot, daemon=True)
            snapshot.start()
        time.sleep(self.random.uniform(0.01, 0.25))
        self.server.kill()
        for thread in threads + ([snapshot] if snapshot else []):
            thread.join(30)
            self.expect(not thread.is_alive(), "a caller hangs")
        for caller in self.callers:
            if caller.error:
                raise caller.error
        while self.random.random() < 0.2:  # also kill it while it recovers
            self.server.launch()
            time.sleep(self.random.uniform(0, 0.05))
            self.server.kill()
        self.server.start()
        self.check(number)

    def take_snapshot(self):
        try:
            with Client(self.server.address, schema=self.schema) as client:
                client.Admin.TakeSnapshot()
        except (Disconnected, Refused, OSError):
            pass

    def check(self, number):
        with Client(self.server.address, schema=self.schema) as client:
            before, _ = positions(client, self.keys)
            fresh = []
            for caller in self.callers:
                self.expect(
                    caller.latest is None or caller.is_remembered(client),
                    f"after kill {number}: {caller.owner}'s last answer is forgotten")
                if caller.unknown is None:
                    continue
                had_happened, reply = caller.resolve(client)
                if reply is not None and had_happened:
                    caller.happened(caller.unknown, reply, remembered=True)
                elif reply is not None:
                    fresh.append((caller, caller.unknown, reply))
                caller.unknown = None
            acknowledged = max((entry[0] for entry in self.pending), default=self.last_seen)
            self.apply_pending()
            wrong = self.shadow.differences(before)
            self.expect(
                not wrong, f"after kill {number} (seed {self.seed}):\n" + "\n".join(wrong[:20]))
            for caller, operation, reply in fresh:
                caller.happened(operation, reply)
            self.apply_pending()
            self.last_seen = max(self.last_seen, acknowledged)
            self.last_seen = self.compare(
                client, f"after kill {number}, asked again (seed {self.seed})")
            if number % 10 == 0:
                self.compare_holds(client)

    def compare_holds(self, client):
        for hold_id, hold in sorted(self.shadow.holds.items()):
            if hold.state != HELD:
                continue
            reply = client.Holds.Get(hold_id=hold_id)
            lines = sorted(zip(zip(reply.items, reply.nodes), reply.quantities))
            self.expect(
                (reply.state, lines) == (HELD, sorted(hold.lines)), f"hold {hold_id}: {reply}")


@needs_server
class Kills(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_over_many_kills(self):
        campaign = Campaign(SEED)
        self.addCleanup(campaign.server.remove)
        try:
            for number in range(1, KILLS + 1):
                campaign.round(number)
        except AssertionError as error:
            raise AssertionError(
                f"{error}\nrerun: PROMISED_SEED={SEED} PROMISED_KILLS={KILLS} "
                f"Tests/ProcessTests/run test_kills\n{campaign.server.stderr()}") from None
        done = sum(caller.done for caller in campaign.callers)
        print(f"  {KILLS} kills, {done} acknowledged operations, nothing lost", flush=True)
        self.assertGreater(done, KILLS * CALLERS, "hardly any operation was under way")


if __name__ == "__main__":
    unittest.main()
