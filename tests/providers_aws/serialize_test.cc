#include "providers/aws/wire/serialize.h"

#include <gtest/gtest.h>

#include "tests/providers_aws/toy_api.h"

namespace tandem::aws {
namespace {

constexpr const char* kRequestShapes = R"({
  "In": {"type": "structure", "members": {
    "Name": {"shape": "Text", "location": "uri", "locationName": "name"},
    "Key": {"shape": "Text", "location": "uri"},
    "Page": {"shape": "Int", "location": "querystring", "locationName": "page"},
    "Since": {"shape": "Time", "location": "querystring"},
    "Extra": {"shape": "Map", "location": "querystring"},
    "Etag": {"shape": "Text", "location": "header", "locationName": "If-Match"},
    "Meta": {"shape": "Map", "location": "headers", "locationName": "x-meta-"},
    "Token": {"shape": "Text", "idempotencyToken": true},
    "Size": {"shape": "Int"}, "Data": {"shape": "Blob"}, "Tags": {"shape": "Map"}}},
  "Text": {"type": "string"}, "Int": {"type": "integer"}, "Time": {"type": "timestamp"},
  "Blob": {"type": "blob"},
  "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}}})";

WireRequest RestRequest(const Value& params, const SerializeOptions& options = {}) {
  const auto model = ToyModel(
      "rest-json", R"({"name": "Do", "http": {"method": "PUT", "requestUri": "/v1/{name}/k/{Key+}?type=x"},
                       "input": {"shape": "In"}})",
      kRequestShapes);
  auto request = Serialize(*model, *model->FindOperation("Do"), params, options);
  EXPECT_TRUE(request.ok()) << request.status().ToString();
  return request.ok() ? *request : WireRequest();
}

TEST(Serialize, PutsEachMemberWhereItTravels) {
  const WireRequest request = RestRequest(
      Map{{"Name", "a b/c"},
          {"Key", "x/y z"},
          {"Page", 2},
          {"Since", 0},
          {"Extra", Map{{"page", "shadowed"}, {"q", "1&2"}}},
          {"Etag", "\"v1\""},
          {"Meta", Map{{"Owner", "me"}}},
          {"Size", 3.0},
          {"Data", Map{{"$base64", "AP8="}}},
          {"Tags", Map{{"$tandem", "kept"}, {"n", Value()}}}},
      {.endpoint = "http://127.0.0.1:5000/base/", .idempotency_token = "tok"});
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.uri,
            "/base/v1/a%20b%2Fc/k/x/y%20z?type=x&page=2&Since=1970-01-01T00%3A00%3A00Z&q=1%262");
  EXPECT_EQ(request.host, "127.0.0.1:5000");
  EXPECT_EQ(*FindHeader(request.headers, "if-match"), "\"v1\"");
  EXPECT_EQ(*FindHeader(request.headers, "X-Meta-Owner"), "me");
  EXPECT_EQ(*FindHeader(request.headers, "content-type"), "application/json");
  EXPECT_EQ(request.body,
            R"({"Token":"tok","Size":3,"Data":"AP8=","Tags":{"$tandem":"kept","n":null}})");
}

TEST(Serialize, KeepsATokenThatIsGiven) {
  const Value params = Map{{"Name", "n"}, {"Key", "k"}, {"Token", "mine"}};
  EXPECT_EQ(RestRequest(params, {.endpoint = "", .idempotency_token = "tok"}).body,
            R"({"Token":"mine"})");
  EXPECT_EQ(RestRequest(Map{{"Name", "n"}, {"Key", "k"}}).body, "{}");
}

TEST(Serialize, RefusesWhatCannotTravel) {
  const auto model = ToyModel(
      "rest-json", R"({"name": "Do", "http": {"requestUri": "/{name}"}, "input": {"shape": "In"},
                       "endpoint": {"hostPrefix": "{Key}."}})",
      kRequestShapes);
  struct Case {
    const char* name;
    Value params;
    const char* said;
  };
  const auto with = [](std::string key, Value value) {
    Map params{{"Name", "n"}, {"Key", "k"}};
    params.insert_or_assign(std::move(key), std::move(value));
    return Value(std::move(params));
  };
  const Case cases[] = {
      {"unknown member", with("Sise", 1), "did you mean 'Size'"},
      {"wrong type", with("Size", "1"), "Size: must be an integer"},
      {"label missing", Map{{"Key", "k"}}, "'name' is part of the URI and missing"},
      {"label empty", with("Name", ""), "cannot be ''"},
      {"label climbs", with("Name", ".."), "cannot be '..'"},
      {"header break", with("Etag", "a\r\nX-Evil: 1"), "line break"},
      {"host label", with("Key", "evil.example/"), "host name"},
      {"host label missing", Map{{"Name", "n"}}, "host name"},
      {"unknown", with("Size", Unknown{Type::kInt, "a"}), "not known yet"},
      {"secret", with("Etag", Sensitive{{{true, "env:A"}}, "", ""}), "secret is not resolved"},
      {"time", with("Since", 1e300), "out of range"},
      {"blob", with("Data", Map{{"$base64", "?"}}), "base64"},
  };
  for (const Case& test : cases) {
    const auto request = Serialize(*model, *model->FindOperation("Do"), test.params);
    ASSERT_FALSE(request.ok()) << test.name;
    EXPECT_EQ(request.status().code(), Code::kInvalidArgument) << test.name;
    EXPECT_NE(request.status().message().find(test.said), std::string::npos)
        << test.name << ": " << request.status().message();
    EXPECT_EQ(request.status().message().find("Do"), 0u) << request.status().message();
  }
  const auto good = Serialize(*model, *model->FindOperation("Do"), with("Size", 1),
                              {.endpoint = "https://toy.example", .idempotency_token = ""});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->host, "k.toy.example");
  EXPECT_EQ(Serialize(*model, *model->FindOperation("Do"), with("Size", 1),
                      {.endpoint = "http://127.0.0.1:1", .idempotency_token = "", .host_prefix = false})
                ->host,
            "127.0.0.1:1");
}

TEST(Serialize, HeaderMapsCannotBreakLines) {
  const auto model = ToyModel("rest-json",
                              R"({"name": "Do", "http": {"requestUri": "/"}, "input": {"shape": "In"}})",
                              kRequestShapes);
  for (const Map& meta : {Map{{"a", "x\nHost: evil"}}, Map{{"a: b\r\nc", "x"}}, Map{{"", "x\r"}}}) {
    const auto request = Serialize(*model, *model->FindOperation("Do"), Map{{"Meta", meta}});
    EXPECT_FALSE(request.ok());
  }
}

TEST(DefaultEndpoint, FillsTheRegion) {
  auto model = ApiModel::Load(R"({"metadata": {"protocol": "ec2", "endpointPrefix": "ec2"},
      "endpoint": {"hostname": "ec2.{region}.amazonaws.com"}})");
  EXPECT_EQ(*DefaultEndpoint(**model, "eu-west-1"), "https://ec2.eu-west-1.amazonaws.com");
  model = ApiModel::Load(R"({"metadata": {"protocol": "ec2", "endpointPrefix": "ec2"}})");
  EXPECT_EQ(DefaultEndpoint(**model, "eu-west-1").status().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem::aws
