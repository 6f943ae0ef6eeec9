"""A token is explained bit for bit, whatever has changed since and after a crash."""
import os
import random
import unittest

from harness import Refused, Server, make_sample, needs_server, wire
from world import load, wait_for_offers

TOKENS = int(os.environ.get("PROMISED_TOKENS", "1500"))
POSTCODES = ["98032", "10001", "60601", "94105", "33101", "77001", "30301", "02108", "80202"]
AT_ONCE = 2000


def batches(values, size):
    for start in range(0, len(values), size):
        yield values[start:start + size]


@needs_server
class Replay(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.random = random.Random(20260112)

    def test_tokens_of_then_are_explained_after_changes_and_a_kill(self):
        self.server.start()
        load(self.server, make_sample(1500))
        wait_for_offers(self.server, "B0THREEFCS", "98032")
        with self.server.client() as client:
            keys = self.keys(client)
            legs = self.legs(client)
            tokens = []
            rounds = 6
            for turn in range(rounds):
                tokens += self.offers(client, keys, TOKENS // rounds + 1)
                self.change(client, keys, legs, turn)
        self.assertGreaterEqual(len(tokens), TOKENS)
        self.server.kill()
        self.server.restart()
        wait_for_offers(self.server, "B0THREEFCS", "98032")
        origins = {1: 0, 2: 0}
        with self.server.client() as client:
            for group in batches(tokens, AT_ONCE):
                waiting = [client.send("promised.v1.Promises", "Explain", token=token) for token in group]
                for call in waiting:
                    found = call.result()
                    self.assertTrue(found.agrees_with_token, str(found)[:2000])
                    origins[found.origin] += 1
        # Most of what was promised has changed since and had to be computed again.
        self.assertGreater(origins[2], len(tokens) // 2, str(origins))
        print(f"      {len(tokens)} tokens: {origins[1]} live, {origins[2]} replayed, 0 differ")

    def test_outside_the_history_the_answer_says_so(self):
        self.server.options = [*self.server.options, "--history", "0"]
        self.server.start()
        load(self.server, make_sample(1500))
        wait_for_offers(self.server, "B0THREEFCS", "98032")
        with self.server.client() as client:
            token, = self.offers(client, [b"B0THREEFCS"], 1)[:1]
            for turn in range(4):
                self.adjust(client, [b"B0THREEFCS"], turn)
                client.Admin.TakeSnapshot()
            # The log of so small a world is one segment, which goes with a second one.
            with self.assertRaises(Refused) as caught:
                client.Promises.Explain(token=token[:-1] + bytes([token[-1] ^ 1]))
            self.assertEqual(caught.exception.reason, "TOKEN_INVALID")

    # Doing

    def keys(self, client):
        page = client.Inventory.List(kind=1, page_size=1500)
        cells = wire.cut(page.cells, page.cell_lengths)
        return cells[::len(page.columns)]

    def legs(self, client):
        page = client.Inventory.List(kind=6, page_size=2000)
        cells = wire.cut(page.cells, page.cell_lengths)
        return [cell.decode() for cell in cells[::len(page.columns)]]

    def offers(self, client, keys, count):
        tokens = []
        while len(tokens) < count:
            picked = self.random.sample(keys, min(len(keys), 100))
            reply = client.Promises.Offer(
                item_keys=picked, postcodes=self.random.sample(POSTCODES, 2),
                levels=[self.random.randint(1, 3)],
                confidence=self.random.choice([0, 32768, 58982, 64880]))
            tokens += [token for token in wire.cut(reply.tokens, reply.token_lengths) if token]
        return tokens[:count]

    def adjust(self, client, keys, turn):
        page = client.Inventory.Availability(item_keys=keys)
        nodes, rows, place = list(page.node_names), [], 0
        for key, count in zip(keys, page.position_counts):
            for at in range(place, place + count):
                rows.append((key, page.nodes[at], self.random.randint(0, 40)))
            place += count
        client.Inventory.Apply(
            source=f"replay-{turn}", first_sequence=1, item_keys=[row[0] for row in rows],
            nodes=nodes, node_indexes=[row[1] for row in rows], kinds=[4] * len(rows),
            quantities=[row[2] for row in rows])

    def change(self, client, keys, legs, turn):
        """Counts, a closed leg, an override, a snapshot: what a decision may rest on."""
        self.adjust(client, self.random.sample(keys, 60), turn)
        if legs:
            client.Network.CloseLeg(
                idempotency_key=f"close-{turn}", leg=self.random.choice(legs), reason="test",
                author="test")
        client.Network.PutOverride(
            idempotency_key=f"override-{turn}",
            fields=dict(
                action=1, item=self.random.choice(keys).decode(), reason="test", author="test"))
        if turn % 2:
            client.Admin.TakeSnapshot()
        wait_for_offers(self.server, "B0THREEFCS", "98032")


if __name__ == "__main__":
    unittest.main()
