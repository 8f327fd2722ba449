// Any bytes as the answer of an AWS service. Input: a line "PROTOCOL STATUS", then a line of one header
// value, then the body.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "providers/aws/wire/json_text.h"
#include "providers/aws/wire/parse.h"
#include "tandem/base/check.h"
#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

constexpr std::array<std::string_view, 5> kProtocols = {"json", "query", "ec2", "rest-json",
                                                        "rest-xml"};

std::shared_ptr<const ApiModel> Model(std::string_view protocol) {
  auto model = ApiModel::Load(R"({"metadata": {"protocol": ")" + std::string(protocol) + R"("},
    "operations": {"Do": {"name": "Do", "output": {"shape": "Out"}, "errors": [{"shape": "Gone"}]}},
    "shapes": {
      "Out": {"type": "structure", "members": {
        "Head": {"shape": "Texts", "location": "header", "locationName": "x-head"},
        "Dates": {"shape": "Times", "location": "header", "locationName": "x-head"},
        "Meta": {"shape": "Map", "location": "headers", "locationName": "x-"},
        "Status": {"shape": "Int", "location": "statusCode"},
        "Text": {"shape": "Text"}, "Int": {"shape": "Int"}, "Float": {"shape": "Float"},
        "Bool": {"shape": "Bool"}, "Time": {"shape": "Time"}, "Blob": {"shape": "Blob"},
        "Attr": {"shape": "Text", "xmlAttribute": true, "locationName": "x:a"},
        "Texts": {"shape": "Texts"}, "Map": {"shape": "Map"}, "Self": {"shape": "Out"},
        "Selves": {"shape": "Outs"}, "FlatMap": {"shape": "FlatMap"}, "Union": {"shape": "Union"},
        "Any": {"shape": "Any"}}},
      "Gone": {"type": "structure", "exception": true, "members": {"Self": {"shape": "Out"}}},
      "Union": {"type": "structure", "union": true, "members": {"A": {"shape": "Out"}}},
      "Any": {"type": "structure", "document": true},
      "Outs": {"type": "list", "flattened": true, "member": {"shape": "Out"}},
      "Texts": {"type": "list", "member": {"shape": "Text", "locationName": "item"}},
      "Times": {"type": "list", "member": {"shape": "Time"}},
      "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
      "FlatMap": {"type": "map", "flattened": true, "key": {"shape": "Text"}, "value": {"shape": "Out"}},
      "Text": {"type": "string"}, "Int": {"type": "integer"}, "Float": {"type": "double"},
      "Bool": {"type": "boolean"}, "Time": {"type": "timestamp"}, "Blob": {"type": "blob"}}})");
  TANDEM_CHECK(model.ok());
  return *model;
}

/// What a provider hands on must survive being stored.
void CheckStorable(const Value& value) {
  const auto back = ParseJson(ToCanonicalJson(value));
  TANDEM_CHECK(back.ok());
}

void Run(std::string_view input) {
  static const std::array<std::shared_ptr<const ApiModel>, 5> kModels = {
      Model(kProtocols[0]), Model(kProtocols[1]), Model(kProtocols[2]), Model(kProtocols[3]),
      Model(kProtocols[4])};
  const auto line = [&input] {
    const std::string_view text = input.substr(0, input.find('\n'));
    input.remove_prefix(text.size() == input.size() ? text.size() : text.size() + 1);
    return text;
  };
  const std::string_view first = line();
  const std::string header(line());
  size_t protocol = 0;
  for (size_t i = 0; i < kProtocols.size(); ++i)
    if (first.substr(0, first.find(' ')) == kProtocols[i]) protocol = i;
  const int status = first.find(" 4") != std::string_view::npos ? 400 : 200;
  const ApiModel& model = *kModels[protocol];
  const WireResponse response{status, {{"x-head", header}, {"x-amzn-errortype", header}},
                              std::string(input)};
  const WireAnswer answer = Parse(model, *model.FindOperation("Do"), response);
  if (answer.ok()) {
    TANDEM_CHECK(answer.result.is_map());
    CheckStorable(answer.result);
  } else {
    // Understood, or without a code: nothing half-read may decide what happens next.
    TANDEM_CHECK(answer.error->understood == !answer.error->code.empty());
    CheckStorable(Map{{"code", answer.error->code}, {"members", answer.error->members}});
  }
}

}  // namespace
}  // namespace tandem::aws

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tandem::aws::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
