"""Points 1 to 8 of each kind of the slice in the sandbox, by tandemd as a user runs it."""
import re
import tempfile

import servers
from models import clusters, component, edited, platform
from rig import e2e, main

# address → (what somebody changes outside, to what; what the model changes)
CHANGES = {
    "ec2.aws/VPC/main": ("EnableDnsHostnames", "false", lambda s: s.update(EnableDnsSupport=False)),
    "ec2.aws/Subnet/private-a": ("MapPublicIpOnLaunch", "true", lambda s: s.update(MapPublicIpOnLaunch=True)),
    "ec2.aws/SecurityGroup/db": ("IpPermissions",
                                 ' [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}]',
                                 lambda s: s["IpPermissions"][0].update(FromPort=5433, ToPort=5433)),
    "iam.aws/Role/app": ("MaxSessionDuration", "3600", lambda s: s.update(MaxSessionDuration=7200)),
    "iam.aws/Policy/read": ("PolicyDocument", '"{}"', lambda s: s.update(
        PolicyDocument=s["PolicyDocument"].replace("GetItem", "Query"))),
    "route53.aws/HostedZone/shop": ("HostedZoneConfig.Comment", '"theirs"',
                                    lambda s: s.update(HostedZoneConfig={"Comment": "our shop"})),
    "route53.aws/HealthCheck/www": ("HealthCheckConfig.FailureThreshold", "9",
                                    lambda s: s["HealthCheckConfig"].update(FailureThreshold=5)),
    "route53.aws/RecordSet/www": ("ResourceRecords", '[{"Value": "203.0.113.99"}]', lambda s: s.update(TTL=30)),
    "dynamodb.aws/Table/carts": ("TimeToLiveSpecification.AttributeName", '"other"', lambda s: s.update(
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})),
    "logs.aws/LogGroup/api": ("retentionInDays", "60", lambda s: s.update(retentionInDays=90)),
    "eks.aws/Cluster/shop": ("resourcesVpcConfig.endpointPrivateAccess", "false",
                             lambda s: s["resourcesVpcConfig"].update(endpointPrivateAccess=False)),
    "eks.aws/Nodegroup/workers": ("scalingConfig.desiredSize", "3",
                                  lambda s: s["scalingConfig"].update(desiredSize=3)),
}
FIRST = {"iam.aws/Role/app": lambda s: s.update(MaxSessionDuration=43200),
         "ec2.aws/Subnet/private-a": lambda s: s.update(MapPublicIpOnLaunch=False),
         "route53.aws/HostedZone/shop": lambda s: s.update(HostedZoneConfig={"Comment": "the shop"})}

CLUSTER, NODES = "eks.aws/Cluster/shop", "eks.aws/Nodegroup/workers"
KEY = "arn:aws:kms:us-east-1:111122223333:key/shop"
GPU = {"key": "gpu", "value": "yes", "effect": "NO_SCHEDULE"}
# The steps that no server of others can judge (kinds/gaps.cc), in an order in which each changes something:
# (scenario, step) → address, what the model changes, what the object is afterwards. That the requests are
# right is proved by the wire validator in aws_kind_eks_*.
UNJUDGED = {
    ("cluster", "tags"): (CLUSTER, lambda s: s.update(tags={"owner": "sre"}),
                          lambda o: {"owner": "sre"}.items() <= o["tags"].items() and "team" not in o["tags"]),
    ("cluster", "logging"): (CLUSTER, lambda s: s.update(logging={"clusterLogging": [
        {"types": ["api"], "enabled": True}]}),
                             lambda o: {"types": ["api"], "enabled": True} in o["logging"]["clusterLogging"]),
    ("cluster", "endpoint"): (CLUSTER, lambda s: s["resourcesVpcConfig"].update(
        endpointPrivateAccess=True, endpointPublicAccess=False),
                              lambda o: o["resourcesVpcConfig"]["endpointPublicAccess"] is False),
    ("cluster", "encryption"): (CLUSTER, lambda s: s.update(encryptionConfig=[
        {"resources": ["secrets"], "provider": {"keyArn": KEY}}]),
                                lambda o: o["encryptionConfig"][0]["provider"]["keyArn"] == KEY),
    ("cluster", "version"): (CLUSTER, lambda s: s.update(version="1.34"), lambda o: o["version"] == "1.34"),
    ("nodegroup", "scaling"): (NODES, lambda s: s["scalingConfig"].update(desiredSize=1),
                               lambda o: o["scalingConfig"]["desiredSize"] == 1),
    ("nodegroup", "taints"): (NODES, lambda s: s.update(taints=[GPU]), lambda o: o["taints"] == [GPU]),
    ("nodegroup", "no-taints"): (NODES, lambda s: s.pop("taints"), lambda o: not o.get("taints")),
    ("nodegroup", "labels"): (NODES, lambda s: s.update(labels={"tier": "edge", "zone": "a"}),
                              lambda o: o["labels"] == {"tier": "edge", "zone": "a"}),
    ("nodegroup", "tags"): (NODES, lambda s: s.update(tags={"owner": "sre"}),
                            lambda o: {"owner": "sre"}.items() <= o["tags"].items()),
}


class Sandbox(e2e.E2eTest):
    # What drifts is shown and stays, so that every kind is judged alike.
    documents = {**platform(), **clusters()}

    @classmethod
    def setUpClass(cls):
        cls.schemas = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.schemas.cleanup)
        # The window in which a write is believed over a read is short as well.
        servers.schemas_with(e2e.SOURCE / "schemas", cls.schemas.name, servers.SHORT_WINDOW)
        cls.flags = ("--no-heal", "--schemas", cls.schemas.name)
        super().setUpClass()
        cls.rig.environment["TANDEM_SCHEMAS"] = cls.schemas.name
        for address, change in FIRST.items():
            cls.documents = edited(cls.documents, address, change)

    def model(self, documents):
        path = self.rig.folder / "model.yaml"
        path.write_text(e2e.HEAD + component("Net") + "".join(documents.values()))
        return path

    def settled(self, model):
        self.assertIn("No changes", self.tandem("plan", "-f", model, "--detailed-exitcode").stdout)

    def test_1_validate_plan_apply_and_nothing_left_to_do(self):
        self.assertEqual({a.rsplit("/", 1)[0] for a in CHANGES}, {a.rsplit("/", 1)[0] for a in self.documents})
        model = self.model(self.documents)
        self.tandem("validate", "-f", model)
        plan = self.json("plan", "-f", model)
        self.assertEqual({s["address"] for s in plan["steps"]}, set(self.documents))
        self.tandem("apply", "-f", model, "--auto-approve")
        self.settled(model)

    def test_2_the_box_is_ready(self):
        line = next(l for l in self.tandem("status").stdout.splitlines() if l.startswith("Net "))
        self.assertIn("True", line.split())

    def test_3_a_change_outside_is_drift_and_names_the_field(self):
        for address, (field, value, _) in CHANGES.items():
            with self.subTest(address):
                self.tandem("sandbox", "mutate", address, field, value)

        def planned():
            self.tandem("refresh")
            return self.json("plan", "-f", self.model(self.documents))
        # For a moment a write is believed over a read.
        self.eventually("not every change is seen", lambda: {
            s["address"] for s in planned()["steps"]} == set(CHANGES))
        plan = planned()
        seen = {(s["address"], c["path"].split("[")[0], c["why"]) for s in plan["steps"] for c in s["changes"]}
        for address, (field, _, _) in CHANGES.items():
            with self.subTest(address):
                self.assertTrue(any(a == address and p.startswith(field) and why == "drift"
                                    for a, p, why in seen), sorted(seen))
        self.tandem("apply", "-f", self.model(self.documents), "--auto-approve")
        self.settled(self.model(self.documents))

    def test_4_updates_in_place(self):
        before = {o["identity"] for o in self.rig.ledger()["objects"]}
        documents = self.documents
        for address, (_, _, change) in CHANGES.items():
            documents = edited(documents, address, change)
        model = self.model(documents)
        plan = self.json("plan", "-f", model)
        self.assertEqual({(s["address"], s["action"]) for s in plan["steps"]}, {(a, "update") for a in CHANGES})
        self.tandem("apply", "-f", model, "--auto-approve")
        self.settled(model)
        self.assertEqual({o["identity"] for o in self.rig.ledger()["objects"]}, before)
        Sandbox.documents = documents

    def test_5_each_update_that_no_other_server_can_judge(self):
        gaps = (e2e.SOURCE / "tests/oracle/aws/kinds/gaps.cc").read_text()
        steps = re.findall(r'\{"\w+", "(\w+)", "update:([\w-]+)",[^}]*"eks-plane"', gaps)
        self.assertEqual(set(steps), set(UNJUDGED), "the table of gaps and this one differ")
        for (scenario, step), (address, change, done) in UNJUDGED.items():
            with self.subTest(f"{scenario} {step}"):
                Sandbox.documents = edited(self.documents, address, change)
                model = self.model(self.documents)
                plan = self.json("plan", "-f", model)
                self.assertEqual([(s["address"], s["action"]) for s in plan["steps"]], [(address, "update")])
                self.tandem("apply", "-f", model, "--auto-approve")
                self.settled(model)
                made = next(o for o in self.rig.ledger()["objects"] if o["address"] == address)
                self.assertTrue(done(made["fields"]), made["fields"])

    def test_6_deletes_in_order_and_nothing_is_left(self):
        self.tandem("unprotect", "dynamodb.aws/Table/carts", "--auto-approve")
        keep = {"logs.aws/LogGroup/kept": self.documents["logs.aws/LogGroup/api"].replace(
            '"name": "api"', '"name": "kept"').replace("/shop/api", "/shop/kept")}
        self.tandem("apply", "-f", self.model({**self.documents, **keep}), "--auto-approve")
        self.tandem("apply", "-f", self.model(keep), "--auto-approve", "--delete-budget", len(self.documents))
        self.settled(self.model(keep))
        self.assertEqual([o["address"] for o in self.rig.ledger()["objects"]], ["logs.aws/LogGroup/kept"])


if __name__ == "__main__":
    main()
