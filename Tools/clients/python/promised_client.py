"""A client for promised in Python: ttRPC 1.2 over TCP or a Unix socket.

    from promised_client import Client, Refused

    with Client("127.0.0.1:7411") as promised:
        offers = promised.Promises.Offer(item_keys=["B0THREEFCS"], postcodes=["98109"])
        try:
            promised.Holds.Hold(
                idempotency_key="cart-17-1", owner="cart-17", nodes=["BFI4"],
                item_keys=["B0THREEFCS"], node_indexes=[0], quantities=[2])
        except Refused as refusal:
            print(refusal.reason, refusal.key, refusal.available_units)

Messages come from the server's own Meta.GetDescriptorSet, so nothing is generated and nothing can
be out of date. Calls are safe from many threads and share one connection; `send` returns at once
with a future, so that many requests travel in one write. Needs Debian's python3-protobuf, no more.
"""
import concurrent.futures
import queue
import socket
import struct
import threading
import time

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

MAX_FRAME_BYTES = 4 * 1024 * 1024
REQUEST, RESPONSE, DATA = 1, 2, 3
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 0x01, 0x02, 0x04
LAST_STREAM_ID = 0xF0000000  # ids run out after 35 minutes of a million calls a second
CODES = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS "
    "PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED "
    "INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED").split()


class Refused(Exception):
    """The service answered no. `code` is google.rpc's name for it, `reason` and `outcome` ours."""

    def __init__(self, code, message, info):
        self.code = CODES[code] if 0 <= code < len(CODES) else str(code)
        self.message = message
        self.reason, self.outcome = info.get(1, b"").decode(), info.get(2, 0)
        self.retryable, self.retry_after_ms = bool(info.get(3, 0)), info.get(4, 0)
        self.key = info.get(5, b"").decode("utf-8", "replace")
        # Absent details say nothing; present ones leave out zeros.
        self.row = zigzag(info.get(6, 0)) if info else -1
        self.available_units = zigzag(info.get(7, 0)) if info else -1
        self.next_supply_unix_s = info.get(8, 0)
        super().__init__(f"{self.code} {self.reason}: {message}".replace(" :", ":"))


class Disconnected(ConnectionError):
    """The connection ended before the answer. A change may or may not have been made: ask again
    with the same idempotency key."""


class DeadlineExceeded(TimeoutError):
    """No answer in time. As with Disconnected, a change may or may not have been made."""


def zigzag(value):
    return (value >> 1) ^ -(value & 1)


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One protobuf field: bytes and text with a length, numbers as varints, nothing when empty."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value if value else b""
    return varint(number << 3) + varint(value) if value else b""


def fields(data):
    """Yields (number, value) of a message: ints for varints, bytes for the rest."""
    at = 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        tag = read()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, read()
            continue
        length = read() if kind == 2 else {1: 8, 5: 4}[kind]
        yield tag >> 3, data[at:at + length]
        at += length


def frame(stream_id, kind, flags, data):
    if len(data) > MAX_FRAME_BYTES:
        raise ValueError(f"{len(data)} bytes are more than a frame holds ({MAX_FRAME_BYTES})")
    return struct.pack(">IIBB", len(data), stream_id, kind, flags) + data


def request(service, method, payload, timeout=None, metadata=()):
    """The ttrpc.Request envelope; `timeout` in seconds, None = the server's default."""
    pairs = b"".join(field(5, field(1, k) + field(2, v)) for k, v in dict(metadata).items())
    nanoseconds = 0 if timeout is None else int(timeout * 1e9) or -1
    return field(1, service) + field(2, method) + field(3, payload) + field(4, nanoseconds) + pairs


def answer(data):
    """The payload of a ttrpc.Response; raises Refused when its status is not OK."""
    envelope = dict(fields(data))
    status = list(fields(envelope.get(1, b"")))
    code = dict(status).get(1, 0)
    if code == 0:
        return envelope.get(2, b"")
    info = {}
    for detail in (dict(fields(value)) for number, value in status if number == 3):
        if detail.get(1, b"").endswith(b"/promised.v1.ErrorInfo"):
            info = dict(fields(detail.get(2, b"")))
    raise Refused(code, dict(status).get(2, b"").decode("utf-8", "replace"), info)


class Schema:
    """Message classes by service and method, from a serialised FileDescriptorSet."""

    def __init__(self, descriptor_set):
        self.pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
            self.pool.Add(file)

    def message(self, descriptor):
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self.pool).GetPrototype(descriptor)

    def method(self, service, method):
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        return self.message(found.input_type), self.message(found.output_type)


def cut(column, lengths):
    """The values of a packed column: `cut(reply.tokens, reply.token_lengths)`, or of keys."""
    values, at = [], 0
    for length in lengths:
        values.append(bytes(column[at:at + length]))
        at += length
    if at != len(column):
        raise ValueError(f"the lengths add up to {at} for {len(column)} bytes")
    return values


def fill(message, values):
    """Fills a message. A list given for a packed key column (`item_keys`) also sets its lengths."""
    for name, value in values.items():
        described = message.DESCRIPTOR.fields_by_name.get(name)
        if described is None:
            raise TypeError(f"{message.DESCRIPTOR.full_name} has no field {name}")
        repeated = described.label == described.LABEL_REPEATED
        is_column = described.type == described.TYPE_BYTES and not repeated
        if is_column and isinstance(value, (list, tuple)):
            keys = [key.encode() if isinstance(key, str) else key for key in value]
            setattr(message, name, b"".join(keys))
            getattr(message, name[:-1] + "_lengths").extend(len(key) for key in keys)
        elif isinstance(value, dict):
            getattr(message, name).SetInParent()
            fill(getattr(message, name), value)
        elif repeated and described.message_type:
            for row in value:
                fill(getattr(message, name).add(), row)
        elif repeated:
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message


class Cart:
    """The calls a shop makes, with defaults: what is offered, planned, held, and why.

        cart = Cart(client, "98109")
        best = cart.plan({"B0A": 2, "B0B": 1}).plans[0]
        cart.hold("cart-17", "cart-17-1", [best.token])
    """

    def __init__(self, client, postcode, country=""):
        self.client, self.postcode, self.country = client, postcode, country

    def offers(self, items, levels=(), **more):
        """[(item, level, token)] of what can be offered, and the whole reply."""
        reply = self.client.Promises.Offer(
            item_keys=list(items), postcodes=[self.postcode], country=self.country,
            levels=list(levels), **more)
        tokens = cut(reply.tokens, reply.token_lengths) or [b""] * len(reply.outcomes)
        each = list(levels) or [2]
        rows = [(item, level) for item in items for level in each]
        return [(item, level, token) for (item, level), token, outcome
                in zip(rows, tokens, reply.outcomes) if outcome == 0], reply

    def plan(self, quantities, **more):
        """Planned shipments of {item: units}."""
        return self.client.Promises.Plan(
            item_keys=list(quantities), quantities=list(quantities.values()),
            postcode=self.postcode, country=self.country, **more)

    def hold(self, owner, key, tokens, **more):
        """Redeems tokens: the same units and date, or Refused with what changed."""
        return self.client.Holds.Hold(
            idempotency_key=key, owner=owner, tokens=list(tokens), **more)

    def explain(self, token=b"", item="", **more):
        """Why: of a token, or of what would be offered now."""
        return self.client.Promises.Explain(
            token=token, item=item, postcode=self.postcode, country=self.country, **more)


class Client:
    """One connection. `address`: HOST:PORT, unix:PATH or a path with a slash."""

    def __init__(self, address, timeout=30.0, schema=None, connect_timeout=5.0):
        self.timeout = timeout
        path = address[5:] if address.startswith("unix:") else address if "/" in address else None
        if path:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(connect_timeout)
            self.socket.connect(path)
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host.strip("[]"), int(port)), connect_timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(None)
        self.lock = threading.Lock()
        self.waiting = {}  # stream id -> (future, response class)
        self.streams = {}  # stream id -> Stream
        self.next_id, self.failure = 1, None
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.schema = schema or Schema(self._descriptor_set())
        except BaseException:
            self.close()
            raise

    def _descriptor_set(self):
        payload = self.send_raw("promised.v1.Meta", "GetDescriptorSet", b"").result(self.timeout)
        return dict(fields(payload)).get(1, b"")

    def send_raw(self, service, method, payload, timeout=None, metadata=(), decode=bytes):
        """Sends one request and returns the future of its decoded payload."""
        data = request(service, method, payload, timeout, metadata)
        future = concurrent.futures.Future()
        with self.lock:
            if self.failure is not None:
                raise Disconnected(self.failure)
            if self.next_id >= LAST_STREAM_ID:
                raise Disconnected("the stream ids of this connection are used up: connect again")
            stream_id, self.next_id = self.next_id, self.next_id + 2
            sent = frame(stream_id, REQUEST, 0, data)
            future.stream_id = stream_id
            self.waiting[stream_id] = (future, decode)
            try:
                self.socket.sendall(sent)
            except OSError as error:
                self.failure = f"cannot send: {error}"
        if self.failure is not None:
            self._fail(self.failure)
        return future

    def stream(self, service, method, timeout=None, first=None):
        """Opens a stream of a method that takes one; `timeout` ends it, None = no limit."""
        asked, answered = self.schema.method(service, method)
        payload = b"" if first is None else first.SerializeToString()
        data = request(service, method, payload, timeout)
        with self.lock:
            if self.failure is not None:
                raise Disconnected(self.failure)
            stream_id, self.next_id = self.next_id, self.next_id + 2
            opened = self.streams[stream_id] = Stream(self, stream_id, asked, answered)
        self._send(frame(stream_id, REQUEST, REMOTE_OPEN, data))
        return opened

    def _send(self, data):
        """Writes one whole frame."""
        with self.lock:
            if self.failure is not None:
                raise Disconnected(self.failure)
            try:
                self.socket.sendall(data)
                return
            except OSError as error:
                self.failure = f"cannot send: {error}"
        self._fail(self.failure)
        raise Disconnected(self.failure)

    def apply_stream(self, batches):
        """Sends ApplyRequest fields (a dict each) through one stream, as many unanswered as the
        server's credit allows, and yields the answers in order."""
        stream = self.stream("promised.v1.Inventory", "ApplyStream")
        credit, unanswered = 64, 0
        for batch in batches:
            while unanswered >= credit:
                answered = stream.receive(self.timeout)
                unanswered, credit = unanswered - 1, answered.credit or credit
                yield answered
            stream.send(**batch)
            unanswered += 1
        stream.close_send()
        while (answered := stream.receive(self.timeout)) is not None:
            yield answered

    def send(self, service, method, timeout=None, metadata=(), **values):
        """As `call`, but returns a future at once: pipelining. `result(seconds)` waits for it."""
        asked, answered = self.schema.method(service, method)
        payload = fill(asked(), values).SerializeToString()
        return self.send_raw(service, method, payload, timeout, metadata, answered.FromString)

    def call(self, service, method, timeout=None, metadata=(), **values):
        """Asks and waits at most `timeout` seconds (default: the client's), for the answer."""
        seconds = self.timeout if timeout is None else timeout
        future = self.send(service, method, seconds, metadata, **values)
        try:
            # A little longer than the server's clock, so that its own refusal arrives.
            return future.result(max(seconds, 0) + 1.0)
        except concurrent.futures.TimeoutError:
            with self.lock:
                self.waiting.pop(future.stream_id, None)
            raise DeadlineExceeded(f"{service}/{method}: no answer in {seconds} s") from None

    def __getattr__(self, service):
        if service.startswith("_") or not service[0].isupper():
            raise AttributeError(service)
        full = "grpc.health.v1.Health" if service == "Health" else f"promised.v1.{service}"
        return _Service(self, full)

    def _read(self):
        received = bytearray()
        try:
            while True:
                piece = self.socket.recv(1 << 18)
                if not piece:
                    raise ConnectionError("the server closed the connection")
                received += piece
                at = 0
                while len(received) - at >= 10:
                    length, stream_id, kind, flags = struct.unpack_from(">IIBB", received, at)
                    if length > MAX_FRAME_BYTES:
                        raise ConnectionError(f"a frame of {length} bytes is not ttRPC")
                    if len(received) - at < 10 + length:
                        break
                    data = bytes(received[at + 10:at + 10 + length])
                    if stream_id in self.streams:
                        self._streamed(stream_id, kind, flags, data)
                    elif kind == RESPONSE:
                        self._answered(stream_id, data)
                    at += 10 + length
                del received[:at]
        except Exception as error:  # whatever ends the reader, nobody may wait for ever
            self._fail(str(error))

    def _answered(self, stream_id, data):
        with self.lock:
            future, decode = self.waiting.pop(stream_id, (None, None))
        if future is None:
            return  # it came after its deadline
        try:
            future.set_result(decode(answer(data)))
        except Exception as error:
            future.set_exception(error)

    def _streamed(self, stream_id, kind, flags, data):
        stream = self.streams[stream_id]
        if kind == RESPONSE:
            try:
                answer(data)
                stream.inbox.put(Disconnected("a stream ended with an answer"))
            except Exception as error:
                stream.inbox.put(error)
        elif kind == DATA:
            if not flags & NO_DATA:
                stream.inbox.put(data)
            if flags & REMOTE_CLOSED:
                stream.inbox.put(None)
        if kind == RESPONSE or kind == DATA and flags & REMOTE_CLOSED:
            with self.lock:
                self.streams.pop(stream_id, None)

    def _fail(self, reason):
        with self.lock:
            self.failure = self.failure or reason
            waiting, self.waiting = self.waiting, {}
            streams, self.streams = self.streams, {}
        for stream in streams.values():
            stream.inbox.put(Disconnected(reason))
        for future, _ in waiting.values():
            future.set_exception(Disconnected(reason))

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self._fail("closed by this client")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Service:
    def __init__(self, client, name):
        self._client, self._name = client, name

    def __getattr__(self, method):
        def ask(timeout=None, metadata=(), **values):
            return self._client.call(self._name, method, timeout, metadata, **values)
        return ask


class Stream:
    """An open stream. `receive` gives the server's messages in order, None at a good end, and raises
    Refused or Disconnected at any other; then for ever the same."""

    def __init__(self, client, stream_id, asked, answered):
        self.client, self.stream_id = client, stream_id
        self.asked, self.answered = asked, answered
        self.inbox = queue.Queue()

    def send(self, **values):
        data = fill(self.asked(), values).SerializeToString()
        self.client._send(frame(self.stream_id, DATA, 0, data))

    def close_send(self):
        """Nothing more will be sent; what was sent is still answered."""
        self.client._send(frame(self.stream_id, DATA, REMOTE_CLOSED | NO_DATA, b""))

    def receive(self, timeout=None):
        try:
            found = self.inbox.get(timeout=timeout)
        except queue.Empty:
            raise DeadlineExceeded(f"nothing came on the stream in {timeout} s") from None
        if isinstance(found, bytes):
            return self.answered.FromString(found)
        self.inbox.put(found)
        if found is None:
            return None
        raise found

    def __iter__(self):
        while (message := self.receive()) is not None:
            yield message


class Watcher:
    """Changes of stock for as long as wanted: batches of Inventory.Watch, over broken connections.

        for batch in Watcher(lambda: Client("127.0.0.1:7420"), item_prefix=b"B0"):
            if batch.lost: ...   # read everything again
            for item in changed_items(batch): ...

    A batch counts as dealt with when the next one is asked for: then it is acknowledged, and from
    there a new connection goes on. Fields of WatchControl may be given by name.
    """

    def __init__(self, connect, position=0, part=0, patience=30.0, **wishes):
        self.connect, self.wishes, self.patience = connect, wishes, patience
        self.position, self.part = position, part
        self.client = self.stream = None
        self.connections = 0

    def _open(self):
        until = time.monotonic() + self.patience
        while True:
            try:
                self.client = self.connect()
                self.stream = self.client.stream("promised.v1.Inventory", "Watch")
                self.stream.send(
                    kind=1, from_position=self.position, from_part=self.part, **self.wishes)
                self.connections += 1
                return
            except OSError:
                self._drop()
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _drop(self):
        if self.client is not None:
            self.client.close()
        self.client = self.stream = None

    def next(self, timeout=None):
        """The next batch; DeadlineExceeded when none came in time."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            if self.stream is None:
                self._open()
            try:
                left = None if until is None else max(until - time.monotonic(), 0.001)
                batch = self.stream.receive(left)
                if batch is None:
                    raise Disconnected("the watch was ended")
                return batch
            except DeadlineExceeded:
                raise
            except Refused as refusal:
                if not refusal.retryable or refusal.reason == "POSITION_NOT_REACHED":
                    raise
                self._drop()
            except Disconnected:
                self._drop()

    def done(self, batch):
        """The batch is dealt with: from here on a new connection goes on behind it."""
        self.position, self.part = batch.position, batch.part
        try:
            if self.stream is not None:
                self.stream.send(kind=2, sequence=batch.sequence)
        except Disconnected:
            self._drop()

    def __iter__(self):
        while True:
            batch = self.next()
            yield batch
            self.done(batch)

    def close(self):
        self._drop()


def changed_items(batch):
    """[(item key, {node: {column: units}})] of a WatchBatch."""
    columns = ("on_hand", "fulfillable", "held", "allocated", "available_now")
    items, at = [], 0
    for key, count in zip(cut(batch.item_keys, batch.item_key_lengths), batch.position_counts):
        items.append((key, {
            batch.node_names[batch.nodes[row]]: {
                column: getattr(batch, column)[row] for column in columns}
            for row in range(at, at + count)}))
        at += count
    return items


def connect_when_ready(address, seconds=30.0, **options):
    """A client as soon as the server accepts one."""
    until = time.monotonic() + seconds
    while True:
        try:
            return Client(address, **options)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
