"""The calls of EKS that no server here has, played in front of moto: updates and their progress.

WSGI middleware. A change is answered with an update that is InProgress when it is first asked for and
Successful from then on; only then reads show it, and until then the object is UPDATING. What moto can
do itself it does: UpdateNodegroupConfig is handed to it when the update ends, and the tags of clusters
are its own. Played here are UpdateClusterConfig (moto answers {} and forgets the other members of
resourcesVpcConfig), versions, encryption, the tags of nodegroups, and what moto forgets at create
(accessConfig, updateConfig). It stands behind the wire validator, so that every request to it is held
against the vendor's model; what it proves besides is that the provider waits, follows an update to its
end, and sends what makes the object as it is desired.
"""
import io
import json
import re
import uuid
from urllib.parse import parse_qs, unquote

ROUTES = [
    (re.compile(r"^/clusters/([^/]+)/update-config$"), "ConfigUpdate"),
    (re.compile(r"^/clusters/([^/]+)/updates$"), "VersionUpdate"),
    (re.compile(r"^/clusters/([^/]+)/encryption-config/associate$"), "AssociateEncryptionConfig"),
    (re.compile(r"^/clusters/([^/]+)/node-groups/([^/]+)/update-config$"), "ConfigUpdate"),
    (re.compile(r"^/clusters/([^/]+)/node-groups/([^/]+)/update-version$"), "VersionUpdate"),
]
PROGRESS = re.compile(r"^/clusters/([^/]+)/updates/([^/]+)$")
READ = re.compile(r"^/clusters/([^/]+)(?:/node-groups/([^/]+))?$")
CREATE = re.compile(r"^/clusters(?:/([^/]+)/node-groups)?$")
TAGS = re.compile(r"^/tags/(.+)$")
KEPT = ("accessConfig", "updateConfig", "upgradePolicy")


def merged(old, new):
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{k: merged(old.get(k), v) for k, v in new.items()}}


def logging_after(old, new):
    """As the service does it: types are switched one by one, the others stay as they are."""
    on = {t for g in (old or {}).get("clusterLogging", []) if g.get("enabled") for t in g["types"]}
    every = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    for group in new.get("clusterLogging", []):
        on = on | set(group["types"]) if group.get("enabled") else on - set(group["types"])
    return {"clusterLogging": [{"types": sorted(on), "enabled": True},
                               {"types": sorted(every - on), "enabled": False}]}


class EksPlane:
    def __init__(self, app):
        self.app = app
        self.shown, self.updates, self.tags = {}, {}, {}

    def __call__(self, environ, start):
        if "/eks/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self.app(environ, start)
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
        path, _, query = raw.partition("?")
        method = environ["REQUEST_METHOD"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        given = json.loads(body) if body else {}
        if method == "POST":
            for pattern, kind in ROUTES:
                if found := pattern.match(path):
                    return self.update(found.groups(), kind, given, environ, start)
        if method == "GET" and (found := PROGRESS.match(path)):
            return self.progress(unquote(found.group(2)), start)
        if (found := TAGS.match(path)) and method in ("POST", "DELETE") \
                and ":nodegroup/" in unquote(found.group(1)):
            tags = self.tags.setdefault(unquote(found.group(1)), {"set": {}, "gone": set()})
            if method == "POST":
                tags["set"].update(given["tags"])
                tags["gone"] -= set(given["tags"])
            else:
                for key in parse_qs(query)["tagKeys"]:
                    tags["set"].pop(key, None)
                    tags["gone"].add(key)
            return self.answer({}, start)
        if method == "GET" and (found := READ.match(path)):
            return self.read(found.groups(), environ, start)
        if method == "POST" and (found := CREATE.match(path)):
            key = (found.group(1) or given["name"], given.get("nodegroupName"))
            self.shown[key] = {k: given[k] for k in KEPT if k in given}
            self.updates = {k: u for k, u in self.updates.items() if u["key"] != key}
        return self.app(environ, start)

    def update(self, groups, kind, given, environ, start):
        key = (groups[0], groups[1] if len(groups) > 1 else None)
        if any(u["key"] == key and u["status"] == "InProgress" for u in self.updates.values()):
            return self.answer({"__type": "ResourceInUseException", "message": "an update runs"},
                               start, "409 Conflict")
        given.pop("clientRequestToken", None)
        if not given:
            return self.answer({"__type": "InvalidParameterException", "message": "no changes"},
                               start, "400 Bad Request")
        update = {"id": str(uuid.uuid4()), "status": "InProgress", "type": kind, "errors": [],
                  "key": key, "change": given, "reads": 0}
        if key[1] and kind == "ConfigUpdate":
            update["request"] = {**environ}
            update["body"] = json.dumps(given).encode()
        self.updates[update["id"]] = update
        return self.answer({"update": self.public(update)}, start)

    @staticmethod
    def public(update):
        return {k: update[k] for k in ("id", "status", "type", "errors")}

    def progress(self, name, start):
        update = self.updates.get(name)
        if update is None:
            return self.answer({"__type": "ResourceNotFoundException", "message": "no update"},
                               start, "404 Not Found")
        self.go_on(update)
        return self.answer({"update": self.public(update)}, start)

    def go_on(self, update):
        """It ends when it has been looked at twice."""
        update["reads"] += 1
        if update["reads"] <= 1 or update["status"] != "InProgress":
            return
        update["status"] = "Successful"
        if "request" in update:
            said = []
            self.app({**update["request"], "wsgi.input": io.BytesIO(update["body"]),
                      "CONTENT_LENGTH": str(len(update["body"]))},
                     lambda status, headers, exc_info=None: said.append(status))
            if not said[0].startswith("200"):
                update["status"], update["errors"] = "Failed", [{"errorMessage": said[0]}]
            return
        shown = self.shown.setdefault(update["key"], {})
        for member, value in update["change"].items():
            if member not in ("name", "nodegroupName", "clusterName"):
                shown.setdefault("changes", []).append((member, value))

    def read(self, groups, environ, start):
        kept = {}

        def keep(status, headers, exc_info=None):
            kept["status"], kept["headers"] = status, headers

        text = b"".join(self.app(environ, keep))
        if not kept["status"].startswith("200"):
            start(kept["status"], kept["headers"])
            return [text]
        answer = json.loads(text)
        key = (unquote(groups[0]), unquote(groups[1]) if groups[1] else None)
        thing = answer["nodegroup" if key[1] else "cluster"]
        shown = self.shown.get(key, {})
        for member in KEPT:
            if member in shown and not thing.get(member):
                thing[member] = shown[member]
        for member, value in shown.get("changes", []):
            self.show(thing, member, value)
        tags = self.tags.get(thing.get("nodegroupArn") or thing.get("arn"), None)
        if tags:
            thing["tags"] = {**{k: v for k, v in (thing.get("tags") or {}).items()
                                if k not in tags["gone"]}, **tags["set"]}
        for update in self.updates.values():
            if update["key"] == key and update["status"] == "InProgress":
                thing["status"] = "UPDATING"
                self.go_on(update)
        return self.answer(answer, start)

    @staticmethod
    def show(thing, member, value):
        if member == "logging":
            thing["logging"] = logging_after(thing.get("logging"), value)
        else:
            thing[member] = merged(thing.get(member), value)

    @staticmethod
    def answer(value, start, status="200 OK"):
        text = json.dumps(value).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text]
