"""A platform on moto, by tandemd and the AWS plugin as a user runs them, from plan to delete."""
import os
import signal
import threading

import servers
from models import allow, component, document, edited, platform, ref
from rig import AwsRig, AwsTest, main


class Elsewhere(AwsTest):
    def test_nothing_is_made_in_another_account(self):
        wrong = self.rig.model([component("Net"), *platform().values()], "wrong.yaml", "999900001111")
        told = self.rig.run("plan", "-f", wrong)
        self.assertNotEqual(told.returncode, 0, told.stdout)
        self.assertIn("the warnings say why", told.stderr)
        accounts = self.tandem("get", "accounts").stdout
        self.assertIn("the credentials of 'main' are for account 123456789012, not for 999900001111",
                      accounts)
        told = self.rig.run("apply", "-f", wrong, "--auto-approve", "--timeout", "20s")
        self.assertNotEqual(told.returncode, 0, told.stdout)
        self.assertEqual(set(self.server.judge.seen), {"sts.GetCallerIdentity"})


class Daemon(AwsTest):
    documents = platform()

    def model(self, *more, of=None):
        return self.rig.model([component("Net"), *(of or Daemon.documents).values(), *more])

    def steps(self, model, *flags):
        return [(s["action"], s["address"]) for s in self.json("plan", "-f", model, *flags)["steps"]]

    def settled(self, model):
        self.assertIn("No changes", self.tandem("plan", "-f", model, "--detailed-exitcode").stdout)

    def resource(self, address):
        return self.json("get", address)

    def test_02_validate_plan_apply(self):
        model = self.model()
        self.tandem("validate", "-f", model)
        self.assertEqual({a for a, _ in self.steps(model)}, {"create"})
        plan = self.tandem("plan", "-f", model, "--detailed-exitcode", code=2).stdout
        self.assertIn("(known after", plan)
        writes = [name for name in self.server.judge.seen if ".Create" in name]
        self.assertEqual(writes, [], "a plan writes nothing")
        self.tandem("apply", "-f", model, "--auto-approve")
        self.settled(model)
        items = {item["address"]: item for item in self.json("get", "resources")["items"]}
        self.assertEqual(set(items), set(self.documents))
        groups = self.rig.outsider("ec2").describe_security_groups(GroupNames=["db"])["SecurityGroups"]
        pairs = groups[0]["IpPermissions"][0]["UserIdGroupPairs"]
        self.assertEqual(pairs[0]["GroupId"], items["ec2.aws/SecurityGroup/app"]["identity"])
        tags = {t["Key"]: t["Value"] for t in groups[0]["Tags"]}
        self.assertEqual(tags["tandem:address"], "ec2.aws/SecurityGroup/db")
        lines = self.tandem("status").stdout.splitlines()
        self.assertEqual(lines[-1], "1 components: 1 ready, 0 not ready, 0 unknown")

    def test_03_safe_drift_heals(self):
        zone = self.rig.outsider("route53")
        record = self.resource("route53.aws/RecordSet/www")["identity"].split("/")[0]

        def ttl():
            records = zone.list_resource_record_sets(HostedZoneId=record)["ResourceRecordSets"]
            return next(r["TTL"] for r in records if r["Name"] == "www.shop.example.")
        check = self.resource("route53.aws/HealthCheck/www")["identity"]
        zone.change_resource_record_sets(HostedZoneId=record, ChangeBatch={"Changes": [
            {"Action": "UPSERT", "ResourceRecordSet": {
                "Name": "www.shop.example", "Type": "A", "TTL": 5, "Failover": "PRIMARY",
                "SetIdentifier": "primary", "HealthCheckId": check,
                "ResourceRecords": [{"Value": "203.0.113.10"}]}}]})
        self.rig.outsider("logs").tag_resource(
            resourceArn="arn:aws:logs:us-east-1:123456789012:log-group:/shop/api", tags={"team": "other"})
        self.tandem("refresh")
        self.eventually("the TTL is not put back", lambda: ttl() == 60)
        self.eventually("the tag is not put back", lambda: self.rig.outsider("logs").list_tags_for_resource(
            resourceArn="arn:aws:logs:us-east-1:123456789012:log-group:/shop/api")["tags"]["team"] == "shop")
        self.settled(self.model())

    def test_04_other_drift_is_shown_and_waits(self):
        vpc = self.resource("ec2.aws/VPC/main")["identity"]
        self.rig.outsider("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
        self.rig.outsider("logs").put_retention_policy(logGroupName="/shop/api", retentionInDays=7)
        self.rig.outsider("iam").put_role_policy(
            RoleName="app", PolicyName="foreign", PolicyDocument=allow("s3:GetObject"))
        self.rig.outsider("dynamodb").update_continuous_backups(
            TableName="carts", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})
        group = self.resource("ec2.aws/SecurityGroup/db")["identity"]
        self.rig.outsider("ec2").authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
        self.tandem("refresh")
        for address, field in (("ec2.aws/VPC/main", "EnableDnsHostnames"),
                               ("ec2.aws/SecurityGroup/db", "IpPermissions")):
            self.eventually(f"no drift at {address}",
                            lambda: any(d.startswith(field) for d in self.resource(address)["drift"]))
        self.assertIn("EnableDnsHostnames", self.tandem("why", "ec2.aws/VPC/main").stdout)
        # More retention than was asked for is safe to take back; 7 days → 30 goes up and heals by itself.
        self.eventually("the retention is not put back", lambda: self.rig.outsider("logs").describe_log_groups(
            logGroupNamePrefix="/shop/api")["logGroups"][0]["retentionInDays"] == 30)
        # To turn backups off loses data, to turn them on again does not.
        self.eventually("backups are not turned on again", lambda: self.rig.outsider("dynamodb").describe_continuous_backups(
            TableName="carts")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
                "PointInTimeRecoveryStatus"] == "ENABLED")
        plan = self.json("plan", "-f", self.model())
        changes = {(s["address"], c["path"].split("[")[0].split(".")[0], c["why"])
                   for s in plan["steps"] for c in s["changes"]}
        self.assertEqual(changes, {
            ("ec2.aws/VPC/main", "EnableDnsHostnames", "drift"),
            ("ec2.aws/SecurityGroup/db", "IpPermissions", "drift")})
        self.tandem("apply", "-f", self.model(), "--auto-approve")
        self.settled(self.model())
        policies = self.rig.outsider("iam").list_role_policies(RoleName="app")["PolicyNames"]
        self.assertEqual(policies, ["foreign"], "what the model never named is not ours")
        self.rig.outsider("iam").delete_role_policy(RoleName="app", PolicyName="foreign")

    def test_05_updates_in_place(self):
        documents = edited(self.documents, "dynamodb.aws/Table/carts", lambda s: s.update(
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
        documents = edited(documents, "ec2.aws/Subnet/private-a", lambda s: s.update(
            MapPublicIpOnLaunch=True))
        documents = edited(documents, "iam.aws/Role/app", lambda s: s.update(MaxSessionDuration=7200))
        documents = edited(documents, "logs.aws/LogGroup/api", lambda s: s.pop("retentionInDays"))
        self.assertEqual({a for a, _ in self.steps(self.model(of=documents))}, {"update"})
        self.tandem("apply", "-f", self.model(of=documents), "--auto-approve")
        self.settled(self.model(of=documents))
        self.assertNotIn("retentionInDays", self.rig.outsider("logs").describe_log_groups()["logGroups"][0])
        Daemon.documents = documents

    def test_06_another_name_keeps_the_object(self):
        documents = dict(self.documents)
        before = self.resource("ec2.aws/Subnet/private-b")["identity"]
        documents["ec2.aws/Subnet/private-b"] = document("ec2.aws", "Subnet", "inner", {
            "VpcId": ref("ec2.aws/VPC/main", "VpcId"), "AvailabilityZone": "us-east-1b",
            "CidrBlock": "10.0.2.0/24"}, labels={"tandem/component": "Net"},
            annotations={"tandem/moved-from": "ec2.aws/Subnet/private-b"})
        self.assertEqual(self.steps(self.model(of=documents)), [("moved", "ec2.aws/Subnet/inner")])
        self.tandem("apply", "-f", self.model(of=documents), "--auto-approve")
        self.assertEqual(self.resource("ec2.aws/Subnet/inner")["identity"], before)
        subnet = self.rig.outsider("ec2").describe_subnets(SubnetIds=[before])["Subnets"][0]
        self.assertIn({"Key": "tandem:address", "Value": "ec2.aws/Subnet/inner"}, subnet["Tags"])
        self.settled(self.model(of=documents))
        Daemon.documents = documents

    def test_07_replace(self):
        before = self.resource("ec2.aws/Subnet/private-a")["identity"]
        documents = edited(self.documents, "ec2.aws/Subnet/private-a",
                           lambda s: s.update(CidrBlock="10.0.7.0/24"))
        plan = self.json("plan", "-f", self.model(of=documents))
        self.assertEqual([(s["action"], s["address"]) for s in plan["steps"]],
                         [("replace", "ec2.aws/Subnet/private-a")])
        self.tandem("apply", "-f", self.model(of=documents), "--auto-approve")
        after = self.resource("ec2.aws/Subnet/private-a")["identity"]
        self.assertNotEqual(after, before)
        live = {s["SubnetId"] for s in self.rig.outsider("ec2").describe_subnets()["Subnets"]
                if s["CidrBlock"].startswith("10.0.")}
        self.assertEqual(live, {after, self.resource("ec2.aws/Subnet/inner")["identity"]})
        self.settled(self.model(of=documents))
        Daemon.documents = documents

    def test_08_adopt(self):
        self.rig.outsider("logs").create_log_group(logGroupName="/shop/old")
        spec = {"logGroupName": "/shop/old"}
        plain = document("logs.aws", "LogGroup", "old", spec)
        told = self.tandem("plan", "-f", self.model(plain), "--detailed-exitcode", code=1)
        self.assertIn("tandem/adopt", told.stdout + told.stderr)
        adopting = document("logs.aws", "LogGroup", "old", spec, labels={"tandem/component": "Net"},
                            annotations={"tandem/adopt": "if-identical"})
        created = self.server.judge.seen["logs.CreateLogGroup"]
        self.assertEqual(self.steps(self.model(adopting)), [("adopt", "logs.aws/LogGroup/old")])
        self.tandem("apply", "-f", self.model(adopting), "--auto-approve")
        self.settled(self.model(adopting))
        self.assertEqual(self.server.judge.seen["logs.CreateLogGroup"], created)
        tags = self.rig.outsider("logs").list_tags_for_resource(
            resourceArn="arn:aws:logs:us-east-1:123456789012:log-group:/shop/old")["tags"]
        self.assertEqual(tags["tandem:address"], "logs.aws/LogGroup/old")
        # Adopted means retained: dropped from the model, it stays.
        self.tandem("apply", "-f", self.model(), "--auto-approve")
        names = [g["logGroupName"] for g in self.rig.outsider("logs").describe_log_groups()["logGroups"]]
        self.assertIn("/shop/old", names)
        self.settled(self.model())

    def test_09_deleted_outside_comes_back(self):
        self.rig.outsider("logs").delete_log_group(logGroupName="/shop/api")
        self.tandem("refresh")

        def back():
            groups = self.rig.outsider("logs").describe_log_groups(logGroupNamePrefix="/shop/api")
            return len(groups["logGroups"]) == 1
        self.eventually("it is not made again", back)
        self.settled(self.model())

    def test_10_the_plugin_dies_in_the_middle(self):
        more = [document("logs.aws", "LogGroup", f"m{i}", {"logGroupName": f"/many/{i}"},
                         labels={"tandem/component": "Net"}) for i in range(60)]
        model = self.model(*more)
        killed = []

        def kill_once():
            while not killed:
                if self.server.judge.seen["logs.CreateLogGroup"] >= started + 10:
                    pid = self.rig.plugin_pid()
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                threading.Event().wait(0.005)
        started = self.server.judge.seen["logs.CreateLogGroup"]
        killer = threading.Thread(target=kill_once, daemon=True)
        killer.start()
        self.tandem("apply", "-f", model, "--auto-approve")
        killer.join(5)
        self.assertEqual(len(killed), 1)
        self.assertNotEqual(self.rig.plugin_pid(), killed[0])
        self.settled(model)
        groups = self.rig.outsider("logs").get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix="/many/").build_full_result()["logGroups"]
        self.assertEqual(len(groups), 60)

    def test_11_delete_in_order(self):
        self.tandem("unprotect", "dynamodb.aws/Table/carts", "--auto-approve")
        keep = {"logs.aws/LogGroup/api": self.documents["logs.aws/LogGroup/api"]}
        model = self.model(of=keep)
        told = self.tandem("plan", "-f", model, code=5)
        budget = next(w for w in told.stderr.replace("\n", " ").split("--delete-budget ")[1:])
        number = "".join(c for c in budget if c.isdigit() or c == " ").split()[0]
        plan = self.json("plan", "-f", model, "--delete-budget", number)
        order = [s["address"] for s in plan["steps"]]
        before = [("ec2.aws/SecurityGroup/db", "ec2.aws/SecurityGroup/app"),
                  ("ec2.aws/SecurityGroup/app", "ec2.aws/VPC/main"), ("ec2.aws/Subnet/inner", "ec2.aws/VPC/main"),
                  ("iam.aws/Role/app", "iam.aws/Policy/read"),
                  ("route53.aws/RecordSet/www", "route53.aws/HostedZone/shop"),
                  ("route53.aws/RecordSet/www", "route53.aws/HealthCheck/www")]
        for first, second in before:
            self.assertLess(order.index(first), order.index(second), order)
        self.tandem("apply", "-f", model, "--auto-approve", "--delete-budget", number)
        self.settled(model)
        ec2, iam = self.rig.outsider("ec2"), self.rig.outsider("iam")
        self.assertEqual([v for v in ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.0.0.0/16"], [])
        self.assertEqual(ec2.describe_security_groups(Filters=[
            {"Name": "group-name", "Values": ["app", "db"]}])["SecurityGroups"], [])
        self.assertEqual(iam.list_roles()["Roles"], [])
        self.assertEqual(iam.list_policies(Scope="Local")["Policies"], [])
        route53 = self.rig.outsider("route53")
        self.assertEqual(route53.list_hosted_zones()["HostedZones"], [])
        self.assertEqual(route53.list_health_checks()["HealthChecks"], [])
        self.assertEqual(self.rig.outsider("dynamodb").list_tables()["TableNames"], [])
        names = {g["logGroupName"] for g in self.rig.outsider("logs").describe_log_groups()["logGroups"]}
        self.assertEqual(names, {"/shop/api", "/shop/old"})


if __name__ == "__main__":
    main()
