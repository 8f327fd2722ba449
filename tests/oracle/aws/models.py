"""The platform of the tests with a daemon: a document of each kind that moto can judge."""
import json

from rig import document


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]})


def allow(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": "*"}]})


def ref(address, member):
    return f"${{ref('{address}').{member}}}"


def component(name, *connections):
    return ("---\n" + f"apiVersion: tandem/v1\nkind: Component\nmetadata: {{name: {name}}}\n"
            f"spec: {{title: {name}, site: aws, layer: network, connections: {json.dumps(list(connections))}}}\n")


def platform():
    """address → document, in no particular order."""
    box = {"labels": {"tandem/component": "Net"}}
    table = {"BillingMode": "PAY_PER_REQUEST",
             "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"},
                                      {"AttributeName": "owner", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
             "GlobalSecondaryIndexes": [{"IndexName": "by-owner", "Projection": {"ProjectionType": "ALL"},
                                         "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}]}],
             "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"},
             "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    specs = {
        "ec2.aws/VPC/main": {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True},
        "ec2.aws/SecurityGroup/app": {"Description": "the app", "VpcId": ref("ec2.aws/VPC/main", "VpcId")},
        "ec2.aws/SecurityGroup/db": {
            "Description": "the database", "VpcId": ref("ec2.aws/VPC/main", "VpcId"),
            "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
                               "UserIdGroupPairs": [
                                   {"GroupId": ref("ec2.aws/SecurityGroup/app", "GroupId")}]}]},
        "iam.aws/Policy/read": {"PolicyDocument": allow("dynamodb:GetItem")},
        "iam.aws/Role/app": {"AssumeRolePolicyDocument": trust("ec2.amazonaws.com"),
                             "ManagedPolicyArns": [ref("iam.aws/Policy/read", "Arn")],
                             "Tags": [{"Key": "team", "Value": "shop"}]},
        "route53.aws/HostedZone/shop": {"Name": "shop.example"},
        "route53.aws/HealthCheck/www": {
            "HealthCheckConfig": {"Type": "HTTPS", "FullyQualifiedDomainName": "www.shop.example",
                                  "Port": 443, "ResourcePath": "/healthz", "RequestInterval": 30,
                                  "FailureThreshold": 3}},
        "route53.aws/RecordSet/www": {
            "HostedZoneId": ref("route53.aws/HostedZone/shop", "Id"), "Name": "www.shop.example",
            "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.10"}],
            "SetIdentifier": "primary", "Failover": "PRIMARY",
            "HealthCheckId": ref("route53.aws/HealthCheck/www", "Id")},
        "dynamodb.aws/Table/carts": table,
        "logs.aws/LogGroup/api": {"logGroupName": "/shop/api", "retentionInDays": 30,
                                  "tags": {"team": "shop"}},
    }
    for zone in "ab":
        specs[f"ec2.aws/Subnet/private-{zone}"] = {
            "VpcId": ref("ec2.aws/VPC/main", "VpcId"), "AvailabilityZone": f"us-east-1{zone}",
            "CidrBlock": f"10.0.{'ab'.index(zone) + 1}.0/24"}
    return {address: document(*address.split("/"), spec, **box) for address, spec in specs.items()}


def clusters():
    """A cluster and its nodes, on the network of platform()."""
    subnets = [ref(f"ec2.aws/Subnet/private-{zone}", "SubnetId") for zone in "ab"]
    specs = {
        "iam.aws/Role/cluster": {"AssumeRolePolicyDocument": trust("eks.amazonaws.com")},
        "eks.aws/Cluster/shop": {
            "version": "1.33", "roleArn": ref("iam.aws/Role/cluster", "Arn"),
            "resourcesVpcConfig": {"subnetIds": subnets, "endpointPrivateAccess": True},
            "accessConfig": {"authenticationMode": "API"}, "tags": {"team": "shop"}},
        "eks.aws/Nodegroup/workers": {
            "clusterName": ref("eks.aws/Cluster/shop", "name"),
            "nodeRole": ref("iam.aws/Role/app", "Arn"), "subnets": subnets[:1],
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}, "labels": {"tier": "core"}},
    }
    return {address: document(*address.split("/"), spec, labels={"tandem/component": "Net"})
            for address, spec in specs.items()}


def edited(documents, address, change):
    """The same with the spec of one document changed by `change`."""
    text = documents[address]
    head, spec = text.split("spec: ", 1)
    spec = json.loads(spec)
    change(spec)
    return {**documents, address: head + "spec: " + json.dumps(spec) + "\n"}
