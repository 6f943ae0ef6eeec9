"""An order from the cart until the last unit left, against a real server that is killed in between."""
import unittest

from harness import Refused, Server, needs_server
from world import NODES, put_small_world

NODE, OTHER = NODES


@needs_server
class Orders(unittest.TestCase):
    def setUp(self):
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)
        self.connect()
        self.keys = put_small_world(self.client, items=4, stock=lambda key: 10)
        self.number = 0
        self.sequence = 0

    def connect(self):
        self.client = self.server.client().__enter__()
        self.addCleanup(self.client.__exit__, None, None, None)

    def kill(self):
        self.server.restart()
        self.connect()

    def call(self, method, *lines, key=None, owner="cart", **more):
        """`lines` are (item, quantity) or (item, quantity, node)."""
        self.number += 1
        if lines:
            places = [line[2] if len(line) > 2 else NODE for line in lines]
            more.update(
                nodes=[NODE, OTHER], item_keys=[line[0] for line in lines],
                node_indexes=[[NODE, OTHER].index(place) for place in places],
                quantities=[line[1] for line in lines])
        return getattr(self.client.Holds, method)(
            idempotency_key=key or f"intent-{self.number}", owner=owner, **more)

    def refused(self, method, *lines, **more):
        with self.assertRaises(Refused) as caught:
            self.call(method, *lines, **more)
        return caught.exception

    def feed(self, item, kind, units):
        self.sequence += 1
        reply = self.client.Inventory.Apply(
            source="wms", first_sequence=self.sequence, item_keys=[item], nodes=[NODE],
            node_indexes=[0], kinds=[kind], quantities=[units])
        self.assertEqual(list(reply.outcomes), [0])

    def position(self, item, node=NODE):
        reply = self.client.Inventory.Availability(item_keys=[item], nodes=[node])
        return {name: getattr(reply, name)[0] for name in (
            "on_hand", "held", "allocated", "picked", "available_now")}

    def lines(self, **hold):
        reply = self.client.Holds.Get(**hold)
        return [
            (item, quantity, picked, shipped) for item, quantity, picked, shipped in zip(
                reply.items, reply.quantities, reply.picked, reply.shipped)]

    def shortfalls(self, **more):
        reply = self.client.Holds.Shortfalls(**more)
        return list(zip(reply.hold_ids, reply.items, reply.units))

    def test_an_order_is_held_extended_amended_picked_and_shipped_through_kills(self):
        first, second = self.keys[:2]
        hold = self.call("Hold", (first, 4), (second, 2), name="order-1", ttl_s=600)
        self.assertEqual((hold.name, hold.state), ("order-1", 1))
        extended = self.call("Extend", name="order-1", ttl_s=1200)
        self.assertGreater(extended.expires_at_unix_s, hold.expires_at_unix_s)
        self.kill()
        self.call("Amend", (first, 6), (second, 2), name="order-1")
        self.call("Commit", name="order-1")
        self.call("Pick", (first, 5), name="order-1")
        self.kill()
        self.assertEqual(
            self.lines(name="order-1"), [(first, 6, 5, 0), (second, 2, 0, 0)])
        self.assertEqual(
            self.position(first),
            dict(on_hand=10, held=0, allocated=6, picked=5, available_now=4))
        part = self.call("Consume", (first, 2), hold_id=hold.hold_id, key="shipped")
        self.assertEqual(part.state, 2)
        self.kill()
        again = self.call("Consume", (first, 2), hold_id=hold.hold_id, key="shipped")
        self.assertTrue(again.repeated_answer)
        self.assertEqual(again.state, 2)
        self.assertEqual(
            self.position(first), dict(on_hand=8, held=0, allocated=4, picked=3, available_now=4))
        self.client.Admin.TakeSnapshot()
        self.kill()
        self.assertEqual(self.call("Consume", hold_id=hold.hold_id).state, 5)
        for item, on_hand in ((first, 4), (second, 8)):
            self.assertEqual(
                self.position(item),
                dict(on_hand=on_hand, held=0, allocated=0, picked=0, available_now=on_hand))
        self.kill()
        self.assertEqual(self.client.Holds.Get(hold_id=hold.hold_id).state, 5)
        self.assertEqual(self.refused("Release", hold_id=hold.hold_id).reason, "HOLD_CONSUMED")

    def test_what_is_granted_in_part_is_granted_once(self):
        item = self.keys[0]
        granted = self.call("Hold", (item, 25), fill=2, key="partial")
        self.assertEqual(list(granted.granted), [10])
        self.kill()
        again = self.call("Hold", (item, 25), fill=2, key="partial")
        self.assertEqual((again.hold_id, list(again.granted)), (granted.hold_id, [10]))
        self.assertTrue(again.repeated_answer)
        self.assertEqual(self.position(item)["held"], 10)
        refusal = self.refused("Hold", (item, 1), fill=2, owner="other")
        self.assertEqual(refusal.reason, "INSUFFICIENT_STOCK")
        self.assertEqual((refusal.row, refusal.available_units), (0, 0))

    def test_complaint_16_a_cart_that_changes_never_blocks_itself(self):
        item = self.keys[0]
        hold = self.call("Hold", (item, 8), name="cart-7")
        refusal = self.refused("Hold", (item, 9))
        self.assertIn(f"hold {hold.hold_id} of the same owner", str(refusal))
        after = self.call("Hold", (item, 9), name="cart-7", replaces_hold_id=hold.hold_id)
        self.kill()
        self.assertEqual(self.client.Holds.Get(name="cart-7").hold_id, after.hold_id)
        self.assertEqual(self.client.Holds.Get(hold_id=hold.hold_id).state, 3)
        self.assertEqual(self.position(item)["held"], 9)
        self.assertEqual(self.refused("Hold", (item, 1), name="cart-7").reason, "NAME_TAKEN")

    def test_complaint_15_a_count_below_the_allocations_names_whom_it_breaks(self):
        item = self.keys[0]
        holds = [self.call("Hold", (item, 5), name=f"order-{n}").hold_id for n in range(2)]
        for hold in holds:
            self.call("Commit", hold_id=hold)
        self.assertEqual(self.shortfalls(), [])
        self.feed(item, 4, 7)
        self.assertEqual(self.shortfalls(), [(holds[1], item, 3)])
        self.kill()
        self.assertEqual(self.shortfalls(node=NODE), [(holds[1], item, 3)])
        self.assertEqual(self.shortfalls(name="order-0"), [])
        self.assertEqual(self.client.Admin.Status().short_units, 3)
        self.assertEqual(
            self.call("Pick", (item, 3), hold_id=holds[0], missing=[2]).state, 2)
        self.assertEqual(self.shortfalls(), [(holds[1], item, 5)])
        refusal = self.refused("Consume", (item, 6), hold_id=holds[0])
        self.assertEqual(refusal.reason, "LINE_QUANTITY_EXCEEDED")
        self.feed(item, 1, 5)
        self.assertEqual(self.shortfalls(), [])
        for hold in holds:
            self.assertEqual(self.call("Consume", hold_id=hold).state, 5)
        self.assertEqual(self.position(item)["on_hand"], 0)

    def test_the_tool_sees_an_order_through(self):
        item = self.keys[0]
        owner = ("--owner", "cart")
        hold = self.server.json(
            "hold", f"{item}@{NODE}=12", "--name", "order-1", "--fill", "available", *owner)
        self.assertEqual([row["granted"] for row in hold["grants"]], [10])
        number = hold["hold_id"]
        self.server.json("hold", "extend", "name=order-1", "--ttl", "900", *owner)
        self.server.json("hold", "amend", number, f"{item}@{NODE}=6", *owner)
        self.server.json("hold", "commit", number, *owner)
        self.server.json("hold", "pick", number, f"{item}@{NODE}=2-1", *owner)
        shown, = self.server.json("hold", "show", "name=order-1")["lines"]
        self.assertEqual((shown["quantity"], shown["picked"], shown["shipped"]), (6, 2, 0))
        self.feed(item, 4, 5)
        row, = self.server.json("shortfalls", "--item", item, check=1)["shortfalls"]
        self.assertEqual((row["name"], row["units"], row["claimed"]), ("order-1", 1, 6))
        self.assertIn("order-1", self.server.tool("shortfalls", check=1).stdout)
        self.server.json("hold", "ship", number, f"{item}@{NODE}=2", *owner)
        text = self.server.tool("hold", "show", number).stdout
        self.assertIn("committed", text)
        self.assertIn("Shipped", text)
        self.server.json("hold", "release", number, *owner)
        self.assertEqual(self.server.json("shortfalls")["shortfalls"], [])
        self.server.tool("hold", "pick", "nonsense", f"{item}@{NODE}", *owner, check=2)
