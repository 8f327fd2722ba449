#include "tests/oracle/aws/kinds/scenarios.h"

namespace tandem::oracle {
namespace {

std::string Zone(Cloud& cloud) {
  return cloud.Need("route53.aws/HostedZone", "shop", cloud.Example("route53.aws/HostedZone"));
}

std::vector<std::string> InItsZone(const Made& made) {
  return {made.identity.substr(0, made.identity.find('/'))};
}

Value Records(std::initializer_list<const char*> values) {
  tandem::List records;
  for (const char* value : values) records.push_back(Map{{"Value", value}});
  return records;
}

}  // namespace

std::vector<Scenario> Route53Scenarios() {
  Scenario zone;
  zone.name = "zone";
  zone.kind = "route53.aws/HostedZone";
  zone.object = "shop";
  zone.neighbour = true;
  zone.spec = [](Cloud& cloud) {
    Value spec = cloud.Example("route53.aws/HostedZone");
    spec.Set("Tags", tandem::List{Map{{"Key", "team"}, {"Value", "shop"}}});
    return spec;
  };
  zone.outside = {{"comment", "route53", "UpdateHostedZoneComment",
                   [](const Made& made) {
                     return Map{{"Id", made.identity}, {"Comment", "somebody's"}};
                   },
                   "HostedZoneConfig.Comment"}};
  zone.updates = {
      {"comment",
       [](Value& spec) { SetAt(spec, ParsePath("HostedZoneConfig.Comment"), "our shop"); }},
      {"tags",
       [](Value& spec) {
         spec.Set("Tags", tandem::List{Map{{"Key", "owner"}, {"Value", "sre"}}});
       }},
  };

  Scenario inner;
  inner.name = "private-zone";
  inner.kind = "route53.aws/HostedZone";
  inner.object = "inner";
  inner.spec = [](Cloud& cloud) {
    const std::string one =
        cloud.Need("ec2.aws/VPC", "one", Map{{"CidrBlock", "10.1.0.0/16"}});
    const std::string two =
        cloud.Need("ec2.aws/VPC", "two", Map{{"CidrBlock", "10.2.0.0/16"}});
    return Map{{"Name", "inner.example"},
               {"HostedZoneConfig", Map{{"PrivateZone", true}, {"Comment", "inside"}}},
               {"VPCs", tandem::List{Map{{"VPCRegion", "us-east-1"}, {"VPCId", one}},
                                     Map{{"VPCRegion", "us-east-1"}, {"VPCId", two}}}}};
  };
  inner.updates = {{"one-network-less", [](Value& spec) {
                      Value* networks = EditAt(spec, ParsePath("VPCs"));
                      networks->edit_list().erase(networks->edit_list().begin());
                    }}};

  Scenario record;
  record.name = "record";
  record.kind = "route53.aws/RecordSet";
  record.object = "www";
  record.parents = InItsZone;
  record.spec = [](Cloud& cloud) {
    Value spec = cloud.Example("route53.aws/RecordSet");
    spec.Set("HostedZoneId", Zone(cloud));
    spec.Set("HealthCheckId", cloud.Need("route53.aws/HealthCheck", "www",
                                         cloud.Example("route53.aws/HealthCheck")));
    return spec;
  };
  record.outside = {
      {"value", "route53", "ChangeResourceRecordSets",
       [](const Made& made) {
         Value changed = made.desired;
         changed.Set("ResourceRecords", Records({"203.0.113.99"}));
         changed.edit_map().erase("HostedZoneId");
         return Map{{"HostedZoneId", InItsZone(made)[0]},
                    {"ChangeBatch",
                     Map{{"Changes", tandem::List{Map{{"Action", "UPSERT"},
                                                      {"ResourceRecordSet", changed}}}}}}};
       },
       "ResourceRecords"}};
  record.updates = {
      {"values",
       [](Value& spec) { spec.Set("ResourceRecords", Records({"203.0.113.20", "203.0.113.21"})); }},
      {"ttl", [](Value& spec) { spec.Set("TTL", 30); }},
      {"no-health-check", [](Value& spec) { spec.edit_map().erase("HealthCheckId"); }},
  };

  Scenario plain = record;
  plain.name = "wildcard-record";
  plain.object = "all";
  plain.outside.clear();
  plain.spec = [](Cloud& cloud) {
    return Map{{"HostedZoneId", Zone(cloud)},
               {"Name", "*.shop.example"},
               {"Type", "TXT"},
               {"TTL", 300},
               {"ResourceRecords", Records({"\"v=1 a/b\""})}};
  };
  plain.updates = {{"ttl", [](Value& spec) { spec.Set("TTL", 30); }}};

  Scenario check;
  check.name = "health-check";
  check.kind = "route53.aws/HealthCheck";
  check.object = "www";
  check.neighbour = true;
  check.spec = [](Cloud& cloud) { return cloud.Example("route53.aws/HealthCheck"); };
  check.outside = {{"config", "route53", "UpdateHealthCheck",
                    [](const Made& made) {
                      return Map{{"HealthCheckId", made.identity}, {"ResourcePath", "/other"}};
                    },
                    "HealthCheckConfig.ResourcePath"}};
  check.updates = {
      {"config",
       [](Value& spec) {
         SetAt(spec, ParsePath("HealthCheckConfig.Port"), 8443);
         SetAt(spec, ParsePath("HealthCheckConfig.Inverted"), true);
       }},
      {"no-path",
       [](Value& spec) { EraseAt(spec, ParsePath("HealthCheckConfig.ResourcePath")); }},
      {"tags",
       [](Value& spec) {
         spec.Set("Tags", tandem::List{Map{{"Key", "owner"}, {"Value", "sre"}}});
       }},
  };
  return {zone, inner, record, plain, check};
}

}  // namespace tandem::oracle
