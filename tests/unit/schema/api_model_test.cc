#include "tandem/schema/api_model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tandem/schema/api_params.h"

namespace tandem {
namespace {

constexpr std::string_view kToyApi = R"({
  "metadata": {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor", "query", "json"],
               "apiVersion": "2020-01-01", "endpointPrefix": "toy"},
  "operations": {
    "MakeBox": {"name": "MakeBox", "http": {"method": "PUT", "requestUri": "/boxes/{Name}"},
                "input": {"shape": "Box", "locationName": "BoxRequest"},
                "errors": [{"shape": "NoSuchBox"}], "authtype": "none"},
    "Ping": {"name": "Ping", "http": {}}},
  "shapes": {
    "Box": {"type": "structure", "required": ["Name", "Token"], "members": {
      "Name": {"shape": "BoxName", "location": "uri"},
      "Token": {"shape": "Text", "idempotencyToken": true},
      "Color": {"shape": "Color"},
      "Depth": {"shape": "Depth"},
      "Weight": {"shape": "Weight"},
      "Sealed": {"shape": "Bool"},
      "When": {"shape": "When", "timestampFormat": "iso8601"},
      "Picture": {"shape": "Blob"},
      "Labels": {"shape": "Labels", "locationName": "label"},
      "Tags": {"shape": "Tags"},
      "Inner": {"shape": "Box"},
      "Choice": {"shape": "Choice"}}},
    "BoxName": {"type": "string", "min": 2, "max": 5, "locationName": "n"},
    "Text": {"type": "string"},
    "Bool": {"type": "boolean"},
    "Color": {"type": "string", "enum": ["red", "green", "blue"]},
    "Depth": {"type": "integer", "min": 1, "max": 9},
    "Weight": {"type": "double"},
    "When": {"type": "timestamp"},
    "Blob": {"type": "blob", "max": 4},
    "Labels": {"type": "list", "member": {"shape": "Color", "locationName": "item"}, "max": 2,
               "flattened": true},
    "Tags": {"type": "map", "key": {"shape": "BoxName"}, "value": {"shape": "Text"}},
    "Choice": {"type": "structure", "union": true, "members": {"A": {"shape": "Text"},
                                                              "B": {"shape": "Text"}}},
    "NoSuchBox": {"type": "structure", "members": {}, "exception": true,
                  "error": {"code": "BoxNotFound", "httpStatusCode": 404}}}})";

std::shared_ptr<const ApiModel> ToyApi() {
  auto model = ApiModel::Load(kToyApi);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return *model;
}

TEST(ApiModel, PicksAProtocolItSpeaksFromThoseOffered) {
  EXPECT_EQ(ToyApi()->metadata().protocol, "query");
  EXPECT_EQ(ToyApi()->metadata().signing_name, "toy");
}

TEST(ApiModel, MergesTraitsOfTheUseOverThoseOfTheShape) {
  const auto model = ToyApi();
  const ApiOperation* make = model->FindOperation("MakeBox");
  ASSERT_NE(make, nullptr);
  EXPECT_EQ(make->method, "PUT");
  EXPECT_TRUE(make->unsigned_request);
  EXPECT_EQ(make->input.traits.name, "BoxRequest");
  const ApiMember* name = make->input.shape->Find("Name");
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(name->traits.location, WireLocation::kUri);
  EXPECT_EQ(name->traits.name, "n");
  EXPECT_TRUE(name->required);
  const ApiMember* labels = make->input.shape->Find("Labels");
  EXPECT_TRUE(labels->traits.flattened);
  EXPECT_EQ(labels->traits.name, "label");
  EXPECT_EQ(labels->shape->element.traits.name, "item");
  EXPECT_EQ(make->input.shape->Find("When")->traits.timestamp, TimestampFormat::kIso8601);
  EXPECT_EQ(make->input.shape->Find("Inner")->shape, make->input.shape) << "shapes may be circular";
  EXPECT_EQ(make->input.shape->members.front().name, "Name") << "the description's order is kept";
}

TEST(ApiModel, FindsErrorsByCodeAndByName) {
  const auto model = ToyApi();
  const ApiOperation* make = model->FindOperation("MakeBox");
  ASSERT_NE(make->FindError("BoxNotFound"), nullptr);
  EXPECT_EQ(make->FindError("NoSuchBox")->http_status, 404);
  EXPECT_EQ(make->FindError("Other"), nullptr);
  EXPECT_EQ(model->FindError("BoxNotFound"), make->FindError("NoSuchBox"));
  EXPECT_EQ(model->FindError("Box"), nullptr) << "no error";
  EXPECT_EQ(model->FindOperation("Absent"), nullptr);
  EXPECT_FALSE(model->FindOperation("Ping")->input);
}

TEST(ApiModel, RefusesWhatContradictsItself) {
  struct Bad {
    const char* name;
    std::string json;
    const char* said;
  };
  const std::string head = R"({"metadata": {"protocol": "json"}, "operations": {}, "shapes": )";
  const Bad cases[] = {
      {"no json", "{", "parse error"},
      {"protocol", R"({"metadata": {"protocol": "cbor"}})", "'cbor' is not supported"},
      {"missing shape", head + R"({"A": {"type": "list", "member": {"shape": "B"}}}})", "shape 'B'"},
      {"list without member", head + R"({"A": {"type": "list"}}})", "missing"},
      {"type", head + R"({"A": {"type": "heap"}}})", "type 'heap'"},
      {"section", R"({"metadata": {"protocol": "json"}, "shapes": []})", "'shapes' is no object"},
      {"array", "[]", "not an API description"},
  };
  for (const Bad& bad : cases) {
    const auto model = ApiModel::Load(bad.json);
    ASSERT_FALSE(model.ok()) << bad.name;
    EXPECT_EQ(model.status().code(), Code::kInvalidArgument);
    EXPECT_NE(model.status().message().find(bad.said), std::string::npos)
        << bad.name << ": " << model.status().message();
  }
}

std::shared_ptr<const ApiModel> ShippedApi(const std::string& service) {
  std::ifstream file(std::string(TANDEM_SOURCE_DIR "/schemas/apis/aws/") + service + ".json");
  std::stringstream text;
  text << file.rdbuf();
  auto model = ApiModel::Load(text.str());
  EXPECT_TRUE(model.ok()) << service << ": " << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

TEST(ApiModel, LoadsWhatIsShipped) {
  struct Shipped {
    const char* service;
    const char* protocol;
    const char* operation;
    const char* region;
  };
  const Shipped cases[] = {
      {"ec2", "ec2", "CreateSubnet", ""},          {"iam", "query", "CreateRole", "us-east-1"},
      {"sts", "query", "GetCallerIdentity", ""},   {"dynamodb", "json", "CreateTable", ""},
      {"eks", "rest-json", "CreateNodegroup", ""}, {"logs", "json", "CreateLogGroup", ""},
      {"route53", "rest-xml", "ChangeResourceRecordSets", "us-east-1"}};
  for (const Shipped& shipped : cases) {
    const auto model = ShippedApi(shipped.service);
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(model->metadata().protocol, shipped.protocol);
    EXPECT_EQ(model->metadata().signing_region, shipped.region) << shipped.service;
    EXPECT_NE(model->FindOperation(shipped.operation), nullptr) << shipped.operation;
    EXPECT_FALSE(model->metadata().hostname.empty());
  }
  const auto ec2 = ShippedApi("ec2");
  const ApiPaginator* pages = ec2->FindPaginator("DescribeSubnets");
  ASSERT_NE(pages, nullptr);
  EXPECT_EQ(pages->limit, "MaxResults");
  EXPECT_EQ(pages->input_tokens, std::vector<std::string_view>{"NextToken"});
  const ApiWaiter* waiter = ec2->FindWaiter("SubnetAvailable");
  ASSERT_NE(waiter, nullptr);
  EXPECT_EQ(waiter->operation, "DescribeSubnets");
  EXPECT_EQ(waiter->acceptors.front().expected, Value("available"));
}

struct ParamCase {
  const char* name;
  Value params;
  std::vector<ParamProblem> problems;
};

Map BoxWith(std::string key, Value value) {
  return Map{{"Name", "abc"}, {std::move(key), std::move(value)}};
}

TEST(ValidateParams, SaysEveryProblemAtItsPath) {
  const auto model = ToyApi();
  const ShapeRef& input = model->FindOperation("MakeBox")->input;
  const ParamCase cases[] = {
      {"enough", Map{{"Name", "abc"}}, {}},
      {"missing", Map{}, {{"", "required member 'Name' is missing"}}},
      {"null is absent", Map{{"Name", Value()}}, {{"", "required member 'Name' is missing"}}},
      {"not a structure", List{}, {{"", "must be a structure, not list"}}},
      {"did you mean", BoxWith("Dept", 1), {{"", "unknown member 'Dept', did you mean 'Depth'?"}}},
      {"unknown", BoxWith("Zzzzzzz", 1), {{"", "unknown member 'Zzzzzzz'"}}},
      {"quote it", BoxWith("Color", 7), {{"Color", "must be a string, not int; quote it"}}},
      {"enum near", BoxWith("Color", "gren"), {{"Color", "'gren' is not allowed, did you mean 'green'?"}}},
      {"enum far", BoxWith("Color", "violet"),
       {{"Color", "'violet' is not allowed; allowed are red, green, blue"}}},
      {"too small", BoxWith("Depth", 0), {{"Depth", "value 0 is below the minimum of 1"}}},
      {"too big", BoxWith("Depth", 10), {{"Depth", "value 10 is above the maximum of 9"}}},
      {"integral double", BoxWith("Depth", 3.0), {}},
      {"fraction", BoxWith("Depth", 3.5), {{"Depth", "must be an integer, not double"}}},
      {"NaN", BoxWith("Weight", "NaN"), {}},
      {"text for number", BoxWith("Weight", "heavy"), {{"Weight", "must be a number, not string"}}},
      {"length in code points", Map{{"Name", "äöüßé"}}, {}},
      {"long", Map{{"Name", "abcdef"}}, {{"Name", "length 6 is above the maximum of 5"}}},
      {"time text", BoxWith("When", "2026-01-31T12:00:00Z"), {}},
      {"time number", BoxWith("When", 1.5), {}},
      {"bad time", BoxWith("When", "noon"),
       {{"When", "'noon' is no time; write it like 2026-01-31T12:00:00Z"}}},
      {"blob", BoxWith("Picture", Map{{"$base64", "AAECAw=="}}), {}},
      {"long blob", BoxWith("Picture", "12345"), {{"Picture", "length 5 is above the maximum of 4"}}},
      {"bad blob", BoxWith("Picture", Map{{"$base64", "%"}}), {{"Picture", "'$base64' is not base64 text"}}},
      {"list item", BoxWith("Labels", List{"red", 1}),
       {{"Labels[1]", "must be a string, not int; quote it"}}},
      {"list length", BoxWith("Labels", List{"red", "red", "red"}),
       {{"Labels", "length 3 is above the maximum of 2"}}},
      {"map key", BoxWith("Tags", Map{{"k", "v"}}), {{"Tags.k", "length 1 is below the minimum of 2"}}},
      {"map value", BoxWith("Tags", Map{{"key", true}}),
       {{"Tags.key", "must be a string, not bool; quote it"}}},
      {"nested", BoxWith("Inner", Map{{"Name", "x"}, {"Colour", "red"}}),
       {{"Inner.Name", "length 1 is below the minimum of 2"},
        {"Inner", "unknown member 'Colour', did you mean 'Color'?"}}},
      {"union of none", BoxWith("Choice", Map{}), {{"Choice", "must have exactly one member, has 0"}}},
      {"union of two", BoxWith("Choice", Map{{"A", "1"}, {"B", "2"}}),
       {{"Choice", "must have exactly one member, has 2"}}},
      {"unknown fits", BoxWith("Depth", Unknown{Type::kInt, "a/B/c.D"}), {}},
      {"unknown any", BoxWith("Tags", Unknown{}), {}},
      {"unknown misfit", BoxWith("Depth", Unknown{Type::kString, "a/B/c.D"}),
       {{"Depth", "must be an integer, not string"}}},
      {"secret", BoxWith("Color", Sensitive{{{true, "env:C"}}, "", ""}), {}},
      {"secret misfit", BoxWith("Sealed", Sensitive{{{true, "env:C"}}, "", ""}),
       {{"Sealed", "must be a boolean, not string"}}},
  };
  for (const ParamCase& test : cases) {
    const std::vector<ParamProblem> problems = ValidateParams(input, test.params);
    std::string said;
    for (const ParamProblem& problem : problems) said += problem.path + ": " + problem.message + "\n";
    EXPECT_EQ(problems, test.problems) << test.name << "\n" << said;
  }
}

TEST(ValidateParams, CanLeaveOutEnumsAndLimits) {
  const auto model = ToyApi();
  const ShapeRef& input = model->FindOperation("MakeBox")->input;
  const Value params = Map{{"Name", "abcdef"}, {"Color", "violet"}};
  EXPECT_EQ(ValidateParams(input, params).size(), 2u);
  EXPECT_EQ(ValidateParams(input, params, {.enums = false, .limits = true}).size(), 1u);
  EXPECT_TRUE(ValidateParams(input, params, {.enums = false, .limits = false}).empty());
  EXPECT_FALSE(ValidateParams(model->FindOperation("Ping")->input, params).empty());
  EXPECT_TRUE(ValidateParams(model->FindOperation("Ping")->input, Map{}).empty());
}

}  // namespace
}  // namespace tandem
