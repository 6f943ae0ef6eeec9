"""A world of one page, put through the API: two fulfilment centres and items with known stock."""
import datetime
import subprocess

from harness import Refused, tool, wait_until

MONDAY_TO_SUNDAY = 127
NODES = ["AAA1", "BBB2"]
STOCK = 100_000


def item(index):
    return f"ITEM-{index:04}"


def small_network():
    """Two fulfilment centres beside each other, as Network.Put takes them."""
    return dict(
        idempotency_key="small-network",
        marketplaces=[dict(
            name="US", country="US", currency="USD", time_zone="America/Los_Angeles",
            postcode_digits=5)],
        calendars=[dict(
            name="always",
            rules=[dict(weekdays=MONDAY_TO_SUNDAY, open_minute=0, close_minute=1440)])],
        nodes=[dict(
            name=name, title=name, kind=1, time_zone="America/Los_Angeles", calendar="always",
            processing_minutes=60, country="US", postcode="98032", latitude_e6=47_377_600,
            longitude_e6=-122_285_400) for name in NODES])


def put_small_world(client, items=40, stock=lambda key: STOCK):
    """Puts the world and returns the item keys; `stock` gives the units of an item in each node.
    Safe to repeat with the same arguments."""
    client.Network.Put(**small_network())
    client.Capacity.PutSellers(
        idempotency_key="small-sellers",
        sellers=[dict(name="seller", title="A seller", marketplace="US")])
    keys = [item(i) for i in range(items)]
    client.Inventory.PutItems(
        idempotency_key="small-items", item_keys=keys, sellers=["seller"],
        seller_indexes=[0] * items, storage_types=[1] * items,
        volumes_micro_cubic_feet=[250_000] * items, weights_g=[500] * items,
        handling_minutes=[0] * items, demand_per_day_milli=[1000] * items,
        demand_variance_ratio_milli=[1000] * items)
    client.Inventory.PutPositions(
        idempotency_key="small-positions", item_keys=keys * 2, nodes=NODES,
        node_indexes=[0] * items + [1] * items, on_hand=[stock(key) for key in keys] * 2)
    return keys


def positions(client, keys, min_position=0):
    """(item, node) -> its columns as a dict, for all items asked, and the answer's log position."""
    reply = client.Inventory.Availability(
        item_keys=list(keys), read=dict(min_position=min_position))
    assert not any(reply.outcomes), f"outcomes {list(reply.outcomes)}"
    found, row = {}, 0
    for key, count in zip(keys, reply.position_counts):
        for at in range(row, row + count):
            found[key, reply.node_names[reply.nodes[at]]] = {
                name: getattr(reply, name)[at] for name in (
                    "on_hand", "fulfillable", "held", "allocated", "available_now")}
        row += count
    return found, reply.as_of.position


def wait_for_offers(server, item, postcode, country=""):
    """Delivery profiles are built beside the traffic: waits until they are published."""
    def offered():
        with server.client() as client:
            try:
                client.Promises.Offer(item_keys=[item], postcodes=[postcode], country=country)
            except Refused as refusal:
                if refusal.reason == "NETWORK_NOT_READY" and refusal.retryable:
                    return False
                raise
            return True
    wait_until(offered)


def load(server, directory, *options, check=0):
    return tool("load", directory, *options, server=server.address, check=check)


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def run_unread(arguments, **options):
    """Starts a process whose output nobody reads."""
    return subprocess.Popen(
        [str(argument) for argument in arguments], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, **options)
