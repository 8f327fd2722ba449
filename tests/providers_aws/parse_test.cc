#include "providers/aws/wire/parse.h"

#include <gtest/gtest.h>

#include "tests/providers_aws/toy_api.h"

namespace tandem::aws {
namespace {

constexpr const char* kAnswerOperation =
    R"({"name": "Do", "http": {"requestUri": "/"}, "output": {"shape": "Out"},
        "errors": [{"shape": "Gone"}]})";
constexpr const char* kAnswerShapes = R"({
  "Out": {"type": "structure", "members": {
    "Id": {"shape": "Text"}, "Count": {"shape": "Int"}, "Ratio": {"shape": "Float"},
    "On": {"shape": "Bool"}, "At": {"shape": "Time"}, "Data": {"shape": "Blob"},
    "Items": {"shape": "Texts"}}},
  "Gone": {"type": "structure", "exception": true, "error": {"code": "Item.NotFound"},
           "members": {"Item": {"shape": "Text"}, "Message": {"shape": "Text"}}},
  "Text": {"type": "string"}, "Int": {"type": "integer"}, "Float": {"type": "double"},
  "Bool": {"type": "boolean"}, "Time": {"type": "timestamp"}, "Blob": {"type": "blob"},
  "Texts": {"type": "list", "member": {"shape": "Text"}}})";

WireAnswer AnswerOf(const char* protocol, int status, std::string body, Headers headers = {}) {
  const auto model = ToyModel(protocol, kAnswerOperation, kAnswerShapes);
  return Parse(*model, *model->FindOperation("Do"), {status, std::move(headers), std::move(body)});
}

TEST(Parse, ReadsTheErrorsOfEveryProtocol) {
  struct Case {
    const char* name;
    const char* protocol;
    const char* body;
    Headers headers;
    const char* code;
    const char* message;
    const char* request_id;
  };
  const Case cases[] = {
      {"query", "query",
       "<ErrorResponse><Error><Type>Sender</Type><Code>Item.NotFound</Code><Message>no x</Message>"
       "<Item>x</Item></Error><RequestId>r1</RequestId></ErrorResponse>",
       {}, "Item.NotFound", "no x", "r1"},
      {"ec2", "ec2",
       "<Response><Errors><Error><Code>Item.NotFound</Code><Message>no x</Message><Item>x</Item></Error>"
       "</Errors><RequestID>r1</RequestID></Response>",
       {}, "Item.NotFound", "no x", "r1"},
      {"rest-xml", "rest-xml",
       "<Error><Code>Item.NotFound</Code><Message>no x</Message><Item>x</Item><RequestId>r1</RequestId>"
       "</Error>",
       {}, "Item.NotFound", "no x", "r1"},
      {"json type", "json", R"({"__type":"com.toy#Gone","message":"no x","Item":"x"})",
       {{"x-amzn-RequestId", "r1"}}, "Gone", "no x", "r1"},
      {"json header", "json", R"({"Message":"no x","Item":"x"})",
       {{"X-Amzn-ErrorType", "Gone:http://toy/"}, {"x-amzn-requestid", "r1"}}, "Gone", "no x", "r1"},
      {"query compatible", "json", R"({"__type":"com.toy#Other","message":"no x","Item":"x"})",
       {{"x-amzn-query-error", "Item.NotFound;Sender"}, {"x-amzn-requestid", "r1"}},
       "Item.NotFound", "no x", "r1"},
      {"rest-json code", "rest-json", R"({"code":"Gone","message":"no x","Item":"x"})",
       {{"x-amz-request-id", "r1"}}, "Gone", "no x", "r1"},
  };
  for (const Case& test : cases) {
    const WireAnswer answer = AnswerOf(test.protocol, 400, test.body, test.headers);
    ASSERT_FALSE(answer.ok()) << test.name;
    EXPECT_TRUE(answer.error->understood) << test.name;
    EXPECT_EQ(answer.error->status, 400) << test.name;
    EXPECT_EQ(answer.error->code, test.code) << test.name;
    EXPECT_EQ(answer.error->message, test.message) << test.name;
    EXPECT_EQ(answer.request_id, test.request_id) << test.name;
    EXPECT_EQ(answer.error->members.StringOr("Item", ""), "x") << test.name;
  }
}

// R10: what cannot be understood is perhaps done, so it must not look like a code of the vendor's.
TEST(Parse, R10MarksWhatIsNotOfTheProtocol) {
  struct Case {
    const char* name;
    const char* protocol;
    int status;
    const char* body;
  };
  const Case cases[] = {
      {"html 500", "ec2", 500, "<!doctype html><html><title>500 Internal Server Error</title></html>"},
      {"xhtml 502", "query", 502, "<html><body><b>Bad Gateway</b></body></html>"},
      {"empty 503", "rest-xml", 503, ""},
      {"empty json 500", "json", 500, ""},
      {"html to json", "json", 404, "<html>404</html>"},
      {"json array", "rest-json", 500, "[]"},
      {"no code", "rest-json", 500, R"({"message":"oops"})"},
      {"redirect", "rest-xml", 301, "<a/>"},
      {"torn success", "ec2", 200, "<DoResponse><Id>a</Id>"},
      {"torn json", "json", 200, R"({"Id":"a")"},
      {"empty success", "query", 200, ""},
      {"number that is none", "json", 200, R"({"Count":"many"})"},
      {"list that is none", "rest-json", 200, R"({"Items":"a"})"},
      {"html success", "rest-json", 200, "<html></html>"},
  };
  for (const Case& test : cases) {
    const WireAnswer answer = AnswerOf(test.protocol, test.status, test.body);
    ASSERT_FALSE(answer.ok()) << test.name;
    EXPECT_FALSE(answer.error->understood) << test.name;
    EXPECT_EQ(answer.error->code, "") << test.name;
    EXPECT_EQ(answer.error->status, test.status) << test.name;
  }
}

TEST(Parse, ReadsOneAnswerInEveryProtocol) {
  const std::string xml =
      "<Id>a&amp;b</Id><Count>7</Count><Ratio>NaN</Ratio><On>true</On><At>2015-01-25T08:00:00Z</At>"
      "<Data>AP8=</Data><Items><item>p</item><item>q</item></Items><New>1</New>";
  const std::string json =
      R"({"Id":"a&b","Count":7,"Ratio":"NaN","On":true,"At":1422172800,"Data":"AP8=","Items":["p","q"],
          "New":1})";
  const Value want = Map{{"Id", "a&b"},  {"Count", 7},       {"Ratio", "NaN"},
                         {"On", true},   {"At", 1422172800}, {"Data", Map{{"$base64", "AP8="}}},
                         {"Items", List{"p", "q"}}};
  struct Case {
    const char* protocol;
    std::string body;
  };
  const Case cases[] = {{"ec2", "<DoResponse xmlns=\"u\">" + xml + "</DoResponse>"},
                        {"query", "<DoResponse><DoResult>" + xml + "</DoResult></DoResponse>"},
                        {"rest-xml", "<Out>" + xml + "</Out>"},
                        {"json", json},
                        {"rest-json", json}};
  for (const Case& test : cases) {
    const WireAnswer answer = AnswerOf(test.protocol, 200, test.body);
    ASSERT_TRUE(answer.ok()) << test.protocol << ": " << answer.error->message;
    EXPECT_EQ(answer.result, want) << test.protocol;
  }
}

TEST(Parse, HeadersThatAreNoTextSayNothing) {
  const WireAnswer answer = AnswerOf("json", 400, R"({"__type":"Gone"})",
                                     {{"x-amzn-errortype", "\xff"}, {"x-amzn-requestid", "\xfe"}});
  EXPECT_EQ(answer.error->code, "Gone");
  EXPECT_EQ(answer.request_id, "");
  const auto model = ToyModel(
      "rest-json", R"({"name": "Do", "http": {"requestUri": "/"}, "output": {"shape": "Out"}})",
      R"({"Out": {"type": "structure", "members": {
            "Name": {"shape": "Text", "location": "header", "locationName": "x-name"},
            "Meta": {"shape": "Map", "location": "headers", "locationName": "x-meta-"}}},
          "Text": {"type": "string"},
          "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}}})");
  const ApiOperation& operation = *model->FindOperation("Do");
  EXPECT_FALSE(Parse(*model, operation, {200, {{"X-Name", "\xff"}}, ""}).ok());
  const WireAnswer mixed =
      Parse(*model, operation, {200, {{"X-Meta-a", "\xff"}, {"x-meta-B", "2"}}, ""});
  ASSERT_TRUE(mixed.ok());
  EXPECT_EQ(mixed.result, Value(Map{{"Meta", Map{{"B", "2"}}}}));
}

TEST(Parse, EmptyElementsOfNumbersSayNothing) {
  const WireAnswer answer =
      AnswerOf("ec2", 200, "<DoResponse><Id/><Count/><On/><At/><Items/></DoResponse>");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.result, Value(Map{{"Id", ""}, {"Items", List{}}}));
}

}  // namespace
}  // namespace tandem::aws
