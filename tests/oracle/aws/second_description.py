#!/usr/bin/env python3
"""Holds the kind files against the vendor's other description: CloudFormation's, as cfn-lint packs it.

For each kind, members that both know: what CloudFormation cannot change after creation must be
replaced here and the other way round, what it only reads must not be a member of a document, what it
requires must be required, and write-only must be write-only. Every property of its own must be a member
here. Where the two differ for a reason, `EXPLAINED` names it; an explanation that is not needed fails.
"""
import json
import sys
from pathlib import Path

import cfnlint
import yaml

TYPES = {
    "dynamodb.aws/Table": "AWS::DynamoDB::Table", "ec2.aws/VPC": "AWS::EC2::VPC",
    "ec2.aws/SecurityGroup": "AWS::EC2::SecurityGroup", "ec2.aws/Subnet": "AWS::EC2::Subnet",
    "eks.aws/Cluster": "AWS::EKS::Cluster", "eks.aws/Nodegroup": "AWS::EKS::Nodegroup",
    "iam.aws/Policy": "AWS::IAM::ManagedPolicy", "iam.aws/Role": "AWS::IAM::Role",
    "logs.aws/LogGroup": "AWS::Logs::LogGroup", "route53.aws/HealthCheck": "AWS::Route53::HealthCheck",
    "route53.aws/HostedZone": "AWS::Route53::HostedZone", "route53.aws/RecordSet": "AWS::Route53::RecordSet",
}
# CloudFormation's name → the API's, where they are not the same but for case.
RENAMED = {
    "dynamodb.aws/Table": {"Arn": "TableArn", "StreamArn": "LatestStreamArn"},
    "ec2.aws/SecurityGroup": {"GroupDescription": "Description", "Id": "GroupId",
                              "SecurityGroupIngress": "IpPermissions",
                              "SecurityGroupEgress": "IpPermissionsEgress"},
    "iam.aws/Policy": {"ManagedPolicyName": "PolicyName", "PolicyArn": "Arn"},
    "iam.aws/Role": {"Policies": "InlinePolicies"},
    "eks.aws/Nodegroup": {"Arn": "nodegroupArn"},
    "logs.aws/LogGroup": {"Arn": "logGroupArn"},
    "route53.aws/HealthCheck": {"HealthCheckId": "Id", "HealthCheckTags": "Tags"},
    "route53.aws/HostedZone": {"HostedZoneTags": "Tags"},
}
COMPOSED = "CloudFormation's own identifier; here it is the identity"
ELSEWHERE = "an API of its own, and not part of this kind yet"
ANSWERED = "computed by the server; CloudFormation shows it under a name of its own"
EXPLAINED = {
    ("dynamodb.aws/Table", "KeySchema", "replace"): "CloudFormation replaces it conditionally and does not list it",
    ("dynamodb.aws/Table", "LocalSecondaryIndexes", "replace"): "the API has no call that changes them",
    ("dynamodb.aws/Table", "ContributorInsightsSpecification", "missing"): ELSEWHERE,
    ("dynamodb.aws/Table", "ImportSourceSpecification", "missing"): "ImportTable is another create call",
    ("dynamodb.aws/Table", "KinesisStreamSpecification", "missing"): "a kind of its own",
    ("dynamodb.aws/Table", "ResourcePolicy", "missing"): ELSEWHERE,
    ("dynamodb.aws/Table", "VectorIndexes", "missing"): "left out of the kind (without)",
    ("ec2.aws/Subnet", "Ipv6CidrBlock", "replace"): "CloudFormation associates another range by another call",
    ("ec2.aws/Subnet", "BlockPublicAccessStates", "missing"): ANSWERED,
    ("ec2.aws/Subnet", "EnableLniAtDeviceIndex", "missing"): "Outposts only",
    ("ec2.aws/Subnet", "Ipv6CidrBlocks", "missing"): ANSWERED,
    ("ec2.aws/Subnet", "NetworkAclAssociationId", "missing"): ANSWERED,
    ("ec2.aws/Subnet", "PrivateDnsNameOptionsOnLaunch", "missing"):
        "ModifySubnetAttribute takes its three members by other names, which are members here",
    ("ec2.aws/VPC", "InstanceTenancy", "replace"):
        "CloudFormation can go from dedicated to default; the plan shows a replace",
    ("ec2.aws/VPC", "CidrBlockAssociations", "missing"): ANSWERED,
    ("ec2.aws/VPC", "DefaultNetworkAcl", "missing"): ANSWERED,
    ("ec2.aws/VPC", "DefaultSecurityGroup", "missing"): ANSWERED,
    ("ec2.aws/VPC", "Ipv6CidrBlocks", "missing"): ANSWERED,
    ("ec2.aws/VPC", "VpcEncryptionControl", "missing"): "left out of the kind (without)",
    ("eks.aws/Cluster", "encryptionConfig", "replace"): "AssociateEncryptionConfig adds it to a cluster",
    ("eks.aws/Cluster", "accessConfig.bootstrapClusterCreatorAdminPermissions", "writeOnly"):
        "DescribeCluster answers it",
    ("eks.aws/Cluster", "certificateAuthority", "computed"): "CloudFormation only reads each of its members",
    ("eks.aws/Cluster", "ActiveCertificateAuthorityId", "missing"): ELSEWHERE,
    ("eks.aws/Cluster", "CertificateAuthorityData", "missing"): ANSWERED,
    ("eks.aws/Cluster", "ClusterSecurityGroupId", "missing"): ANSWERED,
    ("eks.aws/Cluster", "EncryptionConfigKeyArn", "missing"): ANSWERED,
    ("eks.aws/Cluster", "Force", "missing"): "of a call, not of the cluster",
    ("eks.aws/Cluster", "Id", "missing"): COMPOSED,
    ("eks.aws/Cluster", "OpenIdConnectIssuerUrl", "missing"): ANSWERED,
    ("eks.aws/Cluster", "OutpostConfig", "missing"): "Outposts only, left out of the kind (without)",
    ("eks.aws/Cluster", "RollbackConfig", "missing"): "of a call, not of the cluster",
    ("eks.aws/Nodegroup", "ForceUpdateEnabled", "missing"): "of a call, not of the nodegroup",
    ("eks.aws/Nodegroup", "Id", "missing"): COMPOSED,
    ("eks.aws/Nodegroup", "launchTemplate.id", "replace"):
        "UpdateNodegroupVersion takes another version of the same template only",
    ("eks.aws/Nodegroup", "launchTemplate.name", "replace"):
        "UpdateNodegroupVersion takes another version of the same template only",
    ("iam.aws/Policy", "Groups", "missing"): "who is attached is said at the other end",
    ("iam.aws/Policy", "Roles", "missing"): "who is attached is said at the other end",
    ("iam.aws/Policy", "Users", "missing"): "who is attached is said at the other end",
    ("logs.aws/LogGroup", "logGroupClass", "replace"): "the API has no call that changes it",
    ("logs.aws/LogGroup", "BearerTokenAuthenticationEnabled", "missing"): ELSEWHERE,
    ("logs.aws/LogGroup", "DataProtectionPolicy", "missing"): ELSEWHERE,
    ("logs.aws/LogGroup", "FieldIndexPolicies", "missing"): ELSEWHERE,
    ("logs.aws/LogGroup", "ResourcePolicyDocument", "missing"): ELSEWHERE,
    ("route53.aws/HealthCheck", "HealthCheckConfig.RoutingControlArn", "replace"):
        "UpdateHealthCheck does not take it",
    ("route53.aws/HostedZone", "HostedZoneConfig.PrivateZone", "replace"):
        "CloudFormation derives it from the networks",
    ("route53.aws/HostedZone", "HostedZoneFeatures", "missing"): ELSEWHERE,
    ("route53.aws/HostedZone", "QueryLoggingConfig", "missing"): ELSEWHERE,
    ("route53.aws/RecordSet", "Comment", "missing"): "of the change batch, not of the record",
    ("route53.aws/RecordSet", "HostedZoneName", "missing"): "CloudFormation looks the zone up; here it is referred to",
    ("route53.aws/RecordSet", "Name", "replace"): "CloudFormation makes the new record before it deletes the old",
    ("route53.aws/RecordSet", "Type", "replace"): "CloudFormation makes the new record before it deletes the old",
    ("route53.aws/RecordSet", "SetIdentifier", "replace"):
        "CloudFormation makes the new record before it deletes the old",
}


def members_of(root, kind):
    """lower-case path → (path, rule), with what the create call takes."""
    group, name = kind.split("/")
    body = yaml.safe_load((root / f"schemas/kinds/aws/{group}/{name}.yaml").read_text())
    api = json.loads((root / f"schemas/apis/aws/{body['api']['service']}.json").read_text())
    rules = dict(body["fields"])
    for path in list(body.get("answer", {})) + list(body.get("members", {})):
        rules.setdefault(path, {})
    for update in body["operations"].get("update", []):
        for field in update.get("fields", []):
            rules.setdefault(field, {})
    if "tags" in body:
        rules.setdefault(body["tags"].get("field", "Tags"), {})
    out = {path.lower(): (path, rule or {}) for path, rule in rules.items()}
    return out, body, api


def path_of(kind, pointer):
    """/properties/A/B → a.b, by the API's names."""
    parts = pointer.removeprefix("/properties/").split("/")
    parts[0] = RENAMED.get(kind, {}).get(parts[0], parts[0])
    return ".".join(parts).lower()


def main():
    root = Path(sys.argv[1])
    data = Path(cfnlint.__file__).parent / "data/schemas"
    index = json.loads((data / "providers/us-east-1.json").read_text())
    wrong, used, compared = [], set(), 0

    def differ(kind, member, what, text):
        key = (kind, member, what)
        if key in EXPLAINED:
            used.add(key)
        else:
            wrong.append(f"{kind} {member}: {text}")

    for kind, name in TYPES.items():
        schema = json.loads((data / f"resources/{index[name]}.json").read_text())
        members, body, _ = members_of(root, kind)
        flags = {flag: {path_of(kind, p) for p in schema.get(flag) or []}
                 for flag in ("createOnlyProperties", "readOnlyProperties", "writeOnlyProperties")}
        create_only, read_only, write_only = flags.values()
        top = {path_of(kind, p): p for p in schema["properties"]}
        for lower, original in top.items():
            if lower not in members and not any(m.startswith(lower + ".") for m in members):
                differ(kind, original, "missing", "CloudFormation has it, the kind does not")
        for lower, (path, rule) in members.items():
            known = lower in top or (lower in create_only | read_only | write_only)
            if not known or "[]" in path:
                # A nested one that is replaced here alone is compared as well.
                if not (rule.get("replace") and "." in path and lower.split(".")[0] in top):
                    continue
            compared += 1
            replaced = bool(rule.get("replace"))
            if lower in read_only:
                if not rule.get("computed"):
                    differ(kind, path, "readOnly", "CloudFormation only reads it, and it is not computed here")
                continue
            if rule.get("computed"):
                differ(kind, path, "computed", "computed here, and CloudFormation sets it")
            if replaced != (lower in create_only):
                differ(kind, path, "replace", f"replaced here: {replaced}; CloudFormation: {lower in create_only}")
            if bool(rule.get("writeOnly")) != (lower in write_only):
                differ(kind, path, "writeOnly",
                       f"write-only here: {bool(rule.get('writeOnly'))}; CloudFormation: {lower in write_only}")
    for kind, member, what in EXPLAINED.keys() - used:
        wrong.append(f"{kind} {member} ({what}): the explanation is not needed (any more)")
    print(f"{len(TYPES)} kinds, {compared} members compared, {len(used)} explained differences")
    for text in sorted(wrong):
        print("WRONG", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
