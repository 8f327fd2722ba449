"""Every kind of the slice under tandemd while connections break, answers are spoilt and reads lag.

What must come of it is what came without: each object once, as desired, and nothing left at the end.
"""
import servers
from eks_plane import EksPlane
from idempotency import Tokens
from models import clusters, component, edited, platform
from rig import AwsRig, AwsTest, main

# operation → faults, each met once (the number says how often). What is reset before the server has it
# is asked for again only when the call's deadline and the consistency window are over: a minute, so only
# creates that wait for no other and are waited for by none.
CREATING = {
    "CreateVpc": ["throttle", "lose"], "ModifyVpcAttribute": ["lose"],
    "CreateSubnet": ["lose"],
    "CreateSecurityGroup": ["cut"], "AuthorizeSecurityGroupIngress": ["lose"],
    "CreatePolicy": ["cut"],
    "CreateRole": ["fail", "lose"], "AttachRolePolicy": ["lose"],
    "CreateHostedZone": ["lose"],
    "CreateHealthCheck": ["reset", "lose"],
    "ChangeTagsForResource": ["throttle", "lose"],
    "ChangeResourceRecordSets": ["throttle"],
    "CreateTable": ["lose"], "UpdateTimeToLive": ["throttle", "lose"], "UpdateContinuousBackups": ["html"],
    "CreateLogGroup": ["reset"], "PutRetentionPolicy": ["lose"],
    "CreateCluster": ["reset", "cut"],
    "CreateNodegroup": ["lose"],
    # Reads.
    "DescribeVpcs": ["stale", "busy", "busy", "lose"], "DescribeVpcAttribute": ["stale"],
    "DescribeSubnets": ["busy", "cut"],
    "DescribeSecurityGroups": ["stale", "html"],
    "GetPolicy": ["stale", "throttle"], "GetRole": ["stale", "lose"],
    "GetHostedZone": ["stale"], "GetChange": ["busy", "busy", "throttle"],
    "GetHealthCheck": ["stale", "fail"],
    "DescribeTable": ["stale", "busy", "busy"],
    "DescribeCluster": ["stale", "busy", "busy"], "DescribeNodegroup": ["busy", "fail"],
}
CHANGING = {
    "ModifyVpcAttribute": ["lose"], "ModifySubnetAttribute": ["throttle", "lose"],
    "RevokeSecurityGroupIngress": ["lose"], "AuthorizeSecurityGroupIngress": ["cut"],
    "CreatePolicyVersion": ["lose"], "UpdateRole": ["lose"], "UpdateHostedZoneComment": ["lose"],
    "UpdateHealthCheck": ["lose"], "ChangeResourceRecordSets": ["lose"],
    "UpdateTable": ["lose"], "DescribeTable": ["busy", "stale"], "PutRetentionPolicy": ["throttle", "lose"],
    "DescribeLogGroups": ["stale"], "GetRole": ["stale"], "DescribeVpcAttribute": ["stale"],
    "UpdateClusterConfig": ["throttle"], "DescribeUpdate": ["busy", "lose"],
    "UpdateNodegroupConfig": ["throttle"],
}
DELETING = {
    "DeleteVpc": ["lose"], "DescribeVpcs": ["linger", "linger"],
    "DeleteSubnet": ["throttle", "lose"], "DescribeSubnets": ["linger"],
    "DeleteSecurityGroup": ["lose"], "DescribeSecurityGroups": ["linger"],
    "DeleteRole": ["lose"], "GetRole": ["linger"], "DeletePolicy": ["throttle", "cut"],
    "GetPolicy": ["linger"],
    "DeleteHostedZone": ["throttle"], "GetHostedZone": ["linger"], "GetChange": ["busy"],
    "DeleteHealthCheck": ["cut"], "GetHealthCheck": ["linger"], "ChangeResourceRecordSets": ["lose"],
    "DeleteTable": ["lose"], "DescribeTable": ["linger", "linger"],
    "DeleteLogGroup": ["lose"], "DescribeLogGroups": ["linger"],
    "DeleteCluster": ["lose"], "DescribeCluster": ["linger", "linger"],
    "DeleteNodegroup": ["cut"], "DescribeNodegroup": ["linger", "linger"],
}


class Faults(AwsTest):
    documents = {**platform(), **clusters()}

    @classmethod
    def setUpClass(cls):
        cls.server = servers.moto(lambda app: Tokens(EksPlane(app)))
        # Lists come in pages of one entry.
        cls.rig = AwsRig(cls.server, changes=(servers.SHORT_WINDOW, servers.PAGES_OF_ONE))

    def model(self, documents, *more):
        return self.rig.model([component("Net"), *documents.values(), *more])

    def apply_with(self, documents, faults, *flags):
        """Plans in fair weather, applies in foul."""
        model = self.model(documents)
        saved = self.rig.folder / "plan.json"
        self.tandem("plan", "-f", model, "--out", saved, *flags)
        for operation, modes in faults.items():
            for mode in modes:
                self.server.judge.set_fault(mode, operation)
        applied = self.rig.run("apply", saved, "--auto-approve", timeout=200)
        self.assertEqual(applied.returncode, 0, applied.stdout[-4000:] + applied.stderr[-2000:]
                         + self.tandem("events").stdout[-6000:])
        unmet = [f for f in self.server.judge.faults if f["count"] > 0]
        self.assertEqual(unmet, [], "a fault was never met")
        self.assertIn("No changes", self.tandem("plan", "-f", model, "--detailed-exitcode").stdout)

    def world(self):
        """How many there are of each kind."""
        ec2, iam, route53 = (self.rig.outsider(s) for s in ("ec2", "iam", "route53"))
        eks = self.rig.outsider("eks")
        networks = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.0.0.0/16"]
        inside = [{"Name": "vpc-id", "Values": networks or ["vpc-0"]}]
        groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        zones = route53.list_hosted_zones()["HostedZones"]
        records = [r for z in zones for r in route53.list_resource_record_sets(
            HostedZoneId=z["Id"])["ResourceRecordSets"] if r["Type"] not in ("NS", "SOA")]
        names = eks.list_clusters()["clusters"]
        return {
            "VPC": len(networks), "Subnet": len(ec2.describe_subnets(Filters=inside)["Subnets"]),
            "SecurityGroup": len([g for g in groups if g["GroupName"] != "default"]),
            "Role": len(iam.list_roles()["Roles"]), "Policy": len(iam.list_policies(Scope="Local")["Policies"]),
            "HostedZone": len(zones), "RecordSet": len(records),
            "HealthCheck": len(route53.list_health_checks()["HealthChecks"]),
            "Table": len(self.rig.outsider("dynamodb").list_tables()["TableNames"]),
            "LogGroup": len(self.rig.outsider("logs").describe_log_groups()["logGroups"]),
            "Cluster": len(names),
            "Nodegroup": sum(len(eks.list_nodegroups(clusterName=n)["nodegroups"]) for n in names)}

    def test_1_create(self):
        self.apply_with(self.documents, CREATING)
        self.assertEqual(self.world(), {
            "VPC": 1, "Subnet": 2, "SecurityGroup": 2, "Role": 2, "Policy": 1, "HostedZone": 1,
            "RecordSet": 1, "HealthCheck": 1, "Table": 1, "LogGroup": 1, "Cluster": 1, "Nodegroup": 1})

    def test_2_update(self):
        before = self.world()
        documents = self.documents
        for address, change in {
                "ec2.aws/VPC/main": lambda s: s.update(EnableDnsHostnames=False),
                "ec2.aws/Subnet/private-a": lambda s: s.update(MapPublicIpOnLaunch=True),
                "ec2.aws/SecurityGroup/db": lambda s: s["IpPermissions"][0].update(FromPort=5433, ToPort=5433),
                "iam.aws/Policy/read": lambda s: s.update(
                    PolicyDocument=s["PolicyDocument"].replace("GetItem", "Query")),
                "iam.aws/Role/app": lambda s: s.update(MaxSessionDuration=7200),
                "route53.aws/HostedZone/shop": lambda s: s.update(HostedZoneConfig={"Comment": "the shop"}),
                "route53.aws/HealthCheck/www": lambda s: s["HealthCheckConfig"].update(FailureThreshold=5),
                "route53.aws/RecordSet/www": lambda s: s.update(TTL=30),
                "dynamodb.aws/Table/carts": lambda s: s.update(
                    StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
                "logs.aws/LogGroup/api": lambda s: s.update(retentionInDays=90),
                "eks.aws/Cluster/shop": lambda s: s["resourcesVpcConfig"].update(endpointPublicAccess=False),
                "eks.aws/Nodegroup/workers": lambda s: s["scalingConfig"].update(desiredSize=3)}.items():
            documents = edited(documents, address, change)
        self.apply_with(documents, CHANGING)
        self.assertEqual(self.world(), before)
        Faults.documents = documents

    def test_3_delete(self):
        self.tandem("unprotect", "dynamodb.aws/Table/carts", "--auto-approve")
        # One must stay, or the plan would delete everything.
        keep = {"iam.aws/Policy/keep": self.documents["iam.aws/Policy/read"].replace(
            '"read"', '"keep"')}
        self.tandem("apply", "-f", self.model({**self.documents, **keep}), "--auto-approve")
        count = len(self.documents)
        self.apply_with(keep, DELETING, "--delete-budget", str(count))
        self.assertEqual({kind: number for kind, number in self.world().items() if number}, {"Policy": 1})


if __name__ == "__main__":
    main()
