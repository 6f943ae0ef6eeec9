"""Requests at random that mean something: every field of a message is drawn by its name from what
the world holds, columns have one length, and now and then a value is at an edge of its type."""
import datetime
import re
import time

from google.protobuf.descriptor import FieldDescriptor as Field

EDGES = [
    0, 1, -1, 2, 127, 128, 255, 256, 1000, 65535, 65536, 2**31 - 1, -2**31, 2**31, 2**32 - 1,
    2**32, 10**12, 10**13, 2**53, 2**62, 2**63 - 1, -2**63, 2**64 - 1, 2_000_000_000,
    2_000_000_001, -2_000_000_000, 4_102_444_800, 253_402_300_799]
SPANS = {
    Field.TYPE_UINT32: (0, 2**32 - 1), Field.TYPE_SINT32: (-2**31, 2**31 - 1),
    Field.TYPE_INT32: (-2**31, 2**31 - 1), Field.TYPE_UINT64: (0, 2**64 - 1),
    Field.TYPE_SINT64: (-2**63, 2**63 - 1), Field.TYPE_INT64: (-2**63, 2**63 - 1)}
ODD_TEXTS = ["", "x", "no-such-thing", "é" * 32, "\x01", "a" * 64, "a" * 65, "a" * 300, "0", "-1"]

# Numbers a request would really carry, by the field's name; the first that matches counts.
USUAL = [
    ("storage_type", range(1, 8)), ("kinds", range(1, 18)), ("kind", range(1, 23)),
    ("levels_milli", range(0, 10_000)), ("levels", range(0, 5)), ("level", range(0, 5)),
    ("mode", range(0, 4)), ("stages", range(0, 5)), ("disposition", range(0, 4)),
    ("causes", range(0, 8)), ("indexes", range(0, 3)), ("pair_", range(0, 3)),
    ("confidence", [0, 5000, 8000, 9000, 9500, 9900, 500, 700]), ("weekdays", [127, 1, 31, 96]),
    ("probabilities", [1_000_000, 500_000, 250_000]), ("minute", [0, 60, 540, 1080, 1439, 1440]),
    ("period_days", [1, 7, 28]), ("periods", range(0, 9)), ("start_days", None),
    ("transit_days", range(1, 6)), ("fill", range(0, 3)), ("credit", [0, 1, 16, 64]),
    ("page_size", [0, 1, 10, 1000]), ("max_wait_ms", [0, 1, 5]), ("heartbeat_ms", [0, 100]),
    ("horizon_days", [0, 1, 14, 90, 365]), ("ttl_s", [0, 1, 2, 60, 600]),
    ("volume", [1000, 250_000, 10**6, 10**9]), ("minimum", [0, 1000, 10**6]),
    ("maximum_fee", [1, 100, 10**4, 10**6]), ("permille", [0, 500, 800, 950, 1000]),
    ("quantit", [1, 1, 1, 2, 3, 5, 20, 100, 1000]), ("number", [0, 0, 0, 1]),
    ("chunk_count", [1]), ("sequence", range(1, 50)),
    ("units", [0, 1, 1, 2, 5, 40]), ("caps", [0, 5, 100]),
    ("hold_id", None), ("months", None), ("month", None), ("_unix_ms", None), ("_unix_s", None),
    ("_days", None), ("min_position", [0]), ("policy", range(0, 4)), ("action", range(0, 5)),
]
NAME_LISTS = {"nodes", "groups", "sellers", "channels", "categories", "regions", "postcodes"}
PATH = re.compile(r"([a-z_0-9]+)(?:\[(\d+)\])?\.?")


def lengths_of(name):
    """The column of lengths beside a packed column of keys."""
    return name.removesuffix("s") + "_lengths"


class World:
    """What there is to name: grows with the answers."""

    def __init__(self, random, names):
        self.random, self.names = random, names
        self.tokens, self.holds, self.pages = [], [], []
        self.now = int(time.time())

    def pick(self, kind):
        found = self.names.get(kind)
        if not found or self.random.random() < 0.04:
            return self.random.choice(ODD_TEXTS)
        return self.random.choice(found)

    def text(self, name):
        for ending, kind in TEXTS:
            if ending in name:
                return self.pick(kind)
        return self.random.choice(ODD_TEXTS)

    def learn(self, method, asked, answer):
        """Keeps what later requests can give back."""
        if method in ("Offer", "Plan"):
            tokens = [plan.token for plan in answer.plans] if method == "Plan" else []
            at = 0
            for length in answer.token_lengths if method == "Offer" else []:
                tokens.append(answer.tokens[at:at + length])
                at += length
            self.tokens = (self.tokens + [token for token in tokens if token])[-200:]
        if method == "Hold" and answer.hold_id:
            self.holds = (self.holds + [(answer.hold_id, asked)])[-40:]
        page = getattr(answer, "next_page_token", b"")
        if page:
            self.pages = (self.pages + [page])[-50:]


TEXTS = [
    ("idempotency_key", "keys"), ("owner", "owners"), ("load_id", "loads"), ("plan", "plans"),
    ("order", "orders"), ("receipt", "receipts"), ("source", "sources"),
    ("reference", "references"),
    ("shipment", "references"), ("group", "groups"), ("region", "groups"), ("channel", "channels"),
    ("categor", "categories"), ("seller", "sellers"), ("marketplace", "marketplaces"),
    ("node", "nodes"), ("station", "stations"), ("origin", "stations"), ("destination", "stations"),
    ("item", "items"), ("kit", "kits"), ("component", "items"), ("subject", "stations"),
    ("postcode", "postcodes"), ("country", "countries"), ("zone", "zones"), ("prefix", "prefixes"),
    ("time_zone", "time_zones"), ("calendar", "calendars"), ("leg", "legs"),
    ("service", "services"),
    ("currency", "currencies"), ("name", "owners"),
]


class Draws:
    """Messages of any type; `learn` what the answers say."""

    def __init__(self, random, names):
        self.random, self.world = random, World(random, names)

    def number(self, field):
        low, high = SPANS[field.type]
        draw = self.random.random()
        if draw < 0.015:
            value = self.random.choice(EDGES)
        elif draw < 0.02:
            value = self.random.randint(low, high)
        else:
            value = self.usual(field.name)
        return min(max(value, low), high)

    def usual(self, name):
        random, world = self.random, self.world
        for part, values in USUAL:
            if part in name:
                if values is not None:
                    return random.choice(values)
                break
        else:
            return random.choice([0, 0, 1, 2, 5, 1000])
        if part == "hold_id":
            return random.choice(world.holds)[0] if world.holds else 1
        if part in ("month", "months"):
            today = datetime.date.fromtimestamp(world.now)
            month = today.year * 12 + today.month - 1 + random.randint(0, 3)
            return month // 12 * 100 + month % 12 + 1
        instant = world.now + random.randint(-40, 400) * random.choice([1, 3600, 86_400])
        if part == "_unix_ms":
            return random.choice([0, instant * 1000])
        return random.choice([0, instant]) if part == "_unix_s" else instant // 86_400

    def column(self, message, field, rows):
        """A packed column of keys and the lengths beside it."""
        keys = [self.world.text(field.name).encode() for _ in range(rows)]
        lengths = [len(key) for key in keys]
        if lengths and self.random.random() < 0.01:
            lengths[self.random.randrange(rows)] = self.random.choice([0, 65, 2**31, 2**32 - 1])
        setattr(message, field.name, b"".join(keys))
        getattr(message, lengths_of(field.name)).extend(lengths)

    def blob(self, name):
        world, random = self.world, self.random
        if "page" in name:
            known = world.pages
        else:
            known = world.tokens
        if not known or random.random() < 0.05:
            return random.randbytes(random.randint(0, 200))
        value = bytearray(random.choice(known))
        if random.random() < 0.15:
            value[random.randrange(len(value))] ^= 1 << random.randrange(8)
        return bytes(value)

    def fill(self, message, depth=0):
        """Draws every field. Columns of the message have the same number of rows, mostly."""
        random = self.random
        described = message.DESCRIPTOR
        names = {field.name for field in described.fields}
        rows = random.choice([0, 1, 1, 1, 2, 2, 3, 5, 17])
        spare = random.random() < 0.5  # whether columns that may be left out are
        for field in described.fields:
            name = field.name
            if name.endswith("_lengths"):
                continue
            repeated = field.label == field.LABEL_REPEATED
            if repeated and name not in NAME_LISTS and spare and random.random() < 0.6:
                continue
            left_out = 0.9 if name == "load" else 0.15
            if not repeated and random.random() < left_out and name != "idempotency_key":
                continue
            if field.message_type:
                for _ in range(random.randint(0, 3) if repeated else 1):
                    inner = getattr(message, name).add() if repeated else getattr(message, name)
                    inner.SetInParent()
                    if depth < 4:
                        self.fill(inner, depth + 1)
                continue
            if field.type == Field.TYPE_BYTES and not repeated and lengths_of(name) in names:
                self.column(message, field, rows)
                continue
            count = rows if random.random() > 0.02 else random.randint(0, 20)
            if name in NAME_LISTS:
                count = 3
            values = [self.scalar(field) for _ in range(count if repeated else 1)]
            if repeated:
                getattr(message, name).extend(values)
            else:
                setattr(message, name, values[0])
        if depth == 0 and random.random() < 0.85:
            self.agree(message, names)
        return message

    def agree(self, message, names):
        """Fields that have to fit each other."""
        random = self.random
        if {"hold_id", "owner", "name"} <= names and self.world.holds:
            message.hold_id, held = random.choice(self.world.holds)
            message.owner = held.owner
            message.ClearField("name")
            for name in names & {"nodes", "item_key_lengths", "node_indexes", "quantities"}:
                message.ClearField(name)
                getattr(message, name).extend(getattr(held, name))
            if "item_keys" in names:
                message.item_keys = held.item_keys
            for name in names & {"groups", "due_unix_s"}:
                message.ClearField(name)
        if "tokens" in names and "fill" in names:
            together = ["fill", "channel", "groups", "due_unix_s"]
            for name in random.choice([["tokens"], together]):
                message.ClearField(name)

    def mutate(self, message, share=0.06):
        """Changes some fields of a message that was granted, in place."""
        for field, value in message.ListFields():
            repeated = field.label == field.LABEL_REPEATED
            if field.message_type:
                for inner in value if repeated else [value]:
                    self.mutate(inner, share)
            elif field.name == "idempotency_key":
                message.idempotency_key = self.world.pick("keys")
            elif field.name.endswith("_lengths") or self.random.random() >= share:
                continue
            elif not repeated:
                setattr(message, field.name, self.scalar(field))
            elif len(value):
                value[self.random.randrange(len(value))] = self.scalar(field)
        return message

    def mend(self, message, text):
        """Draws anew what a refusal's first words name, within what it says is allowed. Returns
        whether it understood, so that the request can be asked again."""
        if "idempotency_key" in message.DESCRIPTOR.fields_by_name:
            message.idempotency_key = self.world.pick("keys")
        empty = re.search(r"as (\w+) is empty", text)
        if empty and empty[1] in message.DESCRIPTOR.fields_by_name:
            field = message.DESCRIPTOR.fields_by_name[empty[1]]
            getattr(message, field.name).extend(self.scalar(field) for _ in range(3))
            return True
        for at, (name, index) in enumerate(path := PATH.findall(text.split(" ")[0])):
            field = message.DESCRIPTOR.fields_by_name.get(name)
            if field is None:
                return False
            if at == len(path) - 1:
                return self.mend_field(message, field, text)
            inner = getattr(message, name)
            repeated = field.label == field.LABEL_REPEATED
            if not field.message_type or repeated != bool(index):
                return False
            if repeated and int(index) >= len(inner):
                return False
            message = inner[int(index)] if index else inner
        return False

    def mend_field(self, message, field, text):
        if field.message_type:
            return False
        repeated = field.label == field.LABEL_REPEATED
        limits = [int(number) for number in re.findall(
            r"-?\d+", text.partition("allowed")[2].replace(",", ""))]
        count = re.search(r"has (\d+) values for (\d+) rows", text)
        old = getattr(message, field.name)
        if field.type == Field.TYPE_BYTES:
            lengths = lengths_of(field.name)
            if lengths not in message.DESCRIPTOR.fields_by_name:
                message.ClearField(field.name)
                return True
            rows = int(count[2]) if count else len(getattr(message, lengths)) or 1
            message.ClearField(lengths)
            self.column(message, field, rows)
            return True

        def fresh(value=None):
            if field.type not in SPANS:
                return self.scalar(field)
            if len(limits) == 1:
                return limits[0]
            if len(limits) == 2 and limits[0] <= limits[1]:
                if value is not None and limits[0] <= value <= limits[1]:
                    return value
                return self.random.randint(limits[0], min(limits[1], limits[0] + 1000))
            low, high = SPANS[field.type]
            return min(max(self.usual(field.name), low), high)

        if repeated:
            values = [fresh(value) for value in old]
            if count and int(count[2]) <= 1000:
                rows = int(count[2])
                values = values[:rows] + [fresh() for _ in range(rows - len(values))]
            message.ClearField(field.name)
            getattr(message, field.name).extend(values or [fresh()])
        else:
            setattr(message, field.name, fresh(old if field.type in SPANS else None))
        return True

    def scalar(self, field):
        if field.type == Field.TYPE_STRING:
            return self.world.text(field.name)
        if field.type == Field.TYPE_BYTES:
            return self.blob(field.name)
        if field.type == Field.TYPE_BOOL:
            return self.random.random() < 0.5
        return self.number(field)
