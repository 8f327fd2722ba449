"""What goes wrong between the product and a server: the fault layer of the tests.

A fault spoils the next `count` answers of one operation. Those of `Wire` are made by the TCP proxy, which
sees bytes, the others by the validator's middleware, which sees answers.

reset     the request is read, nothing is asked of the server, the connection is reset
lose      the server has done its work, the connection is reset instead of the reply
cut       the connection is reset in the middle of the reply
throttle  refused undone, in the service's own words
fail      the service fails by itself (500), and did nothing
html      a page of some gateway stands for the reply; the work is done
expire    the credential is refused
busy      the object is shown busy, whatever the server says
stale     the answer is the one of before the last change
linger    once it is deleted: like stale, and shown as being deleted where the kind has such a word
"""
import json
import re
import socket
import struct
import threading

WIRE = ("reset", "lose", "cut")
# How the proxy tells the middleware behind it which fault a request has met.
FAULT_HEADER = b"X-Test-Fault"
FAULT_KEY = "HTTP_X_TEST_FAULT"
FAULTS = (*WIRE, "throttle", "fail", "html", "expire", "busy", "stale", "linger")

THROTTLED = {"ec2": "RequestLimitExceeded", "query": "Throttling", "rest-xml": "Throttling"}

# operation: (the member that says how it is, ready → busy, what is deleted shows)
STATES = {
    "DescribeVpcs": ("state", {"available": "pending"}, None),
    "DescribeSubnets": ("state", {"available": "pending"}, None),
    "DescribeTable": ("TableStatus", {"ACTIVE": "UPDATING"}, "DELETING"),
    "DescribeCluster": ("status", {"ACTIVE": "UPDATING"}, "DELETING"),
    "DescribeNodegroup": ("status", {"ACTIVE": "UPDATING"}, "DELETING"),
    "DescribeUpdate": ("status", {"Successful": "InProgress"}, None),
    "GetChange": ("Status", {"INSYNC": "PENDING"}, None),
}
# What a read that does not know a new object yet says: (HTTP status, code).
NOT_YET = {
    "DescribeVpcs": (400, "InvalidVpcID.NotFound"), "DescribeVpcAttribute": (400, "InvalidVpcID.NotFound"),
    "DescribeSubnets": (400, "InvalidSubnetID.NotFound"),
    "DescribeSecurityGroups": (400, "InvalidGroup.NotFound"),
    "GetRole": (404, "NoSuchEntity"), "GetPolicy": (404, "NoSuchEntity"),
    "GetHostedZone": (404, "NoSuchHostedZone"), "GetHealthCheck": (404, "NoSuchHealthCheck"),
    "DescribeTable": (400, "ResourceNotFoundException"),
    "DescribeCluster": (404, "ResourceNotFoundException"),
    "DescribeNodegroup": (404, "ResourceNotFoundException"),
}
READS = re.compile(r"^(Describe|Get|List)")


def noun(operation):
    """DeleteVpc, DescribeVpcs → Vpc."""
    return re.sub(r"^(Delete|Describe|Get|List)", "", operation).removesuffix("s")


def error_body(protocol, code, message):
    if protocol == "ec2":
        return (f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                f"<RequestID>1</RequestID></Response>").encode(), "text/xml"
    if protocol in ("query", "rest-xml"):
        return (f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
                f"<RequestId>1</RequestId></ErrorResponse>").encode(), "text/xml"
    return json.dumps({"__type": code, "message": message}).encode(), "application/x-amz-json-1.1"


def with_state(operation, text, words):
    """The answer with each state word replaced; every state where `words` is one word."""
    member, busy, _ = STATES[operation]
    for old, new in (busy if words is None else {r"\w+": words}).items():
        text = re.sub(rf'("{member}"\s*:\s*"|<{member}>){old}("|</{member}>)'.encode(),
                      rf"\g<1>{new}\g<2>".encode(), text)
    return text


class History:
    """Answers to reads, so that an old one can be given again."""

    def __init__(self):
        self.lock = threading.Lock()
        self.changes = 0
        self.answers = {}

    def remember(self, operation, key, answer):
        with self.lock:
            if not READS.match(operation):
                self.changes += 1
            elif answer[0].startswith("200"):
                known = self.answers.setdefault((operation, key), [])
                if known and known[-1][0] == self.changes:
                    known.pop()
                known.append((self.changes, answer))
                del known[:-3]

    def before_the_last_change(self, operation, key):
        with self.lock:
            for changes, answer in reversed(self.answers.get((operation, key), [])):
                if changes < self.changes:
                    return answer
        return None


class Wire:
    """A TCP proxy in front of the validator: it spoils connections, not answers."""

    def __init__(self, judge, upstream):
        self.judge, self.upstream = judge, upstream
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @staticmethod
    def _message(stream):
        """One HTTP message as bytes, or b'' at the end."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return b""
            head += line
        length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
        return head + (stream.read(int(length.group(1))) if length else b"")

    @staticmethod
    def _reset(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _serve(self, client):
        server = None
        try:
            asked = client.makefile("rb")
            while request := self._message(asked):
                mode = self.judge.fault_for(self.judge.operation_of(request))
                if mode == "reset":
                    return self._reset(client)
                if server is None:
                    server = socket.create_connection(("127.0.0.1", self.upstream))
                    answers = server.makefile("rb")
                if mode is not None and mode not in WIRE:
                    first, _, rest = request.partition(b"\r\n")
                    request = b"%s\r\n%s: %s\r\n%s" % (first, FAULT_HEADER, mode.encode(), rest)
                server.sendall(request)
                reply = self._message(answers)
                if mode == "lose":
                    return self._reset(client)
                client.sendall(reply[:len(reply) // 2] if mode == "cut" else reply)
                if mode == "cut" or not reply:
                    return self._reset(client)
        except OSError:
            pass
        finally:
            client.close()
            if server is not None:
                server.close()
