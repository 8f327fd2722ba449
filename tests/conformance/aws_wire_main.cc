// aws_wire: requests and answers of AWS operations, by the description in each line.
//
//   {"model", "operation", "params", "endpoint"?, "idempotency_token"?}
//     → {"method", "uri", "headers", "body", "host"}, or {"error": {"code", "message"}} if refused
//   {"model", "operation", "response": {"status_code", "headers", "body"}, "members"?}
//     → {"result"} | {"error": {"code", "message"}}, and the modelled error's members if asked for
#include <stdexcept>

#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/json_text.h"
#include "providers/aws/wire/parse.h"
#include "providers/aws/wire/serialize.h"
#include "tandem/base/hash.h"
#include "tests/conformance/json_lines.h"

namespace tandem::aws {
namespace {

using conformance::Json;

Json ToJson(const Value& value) {
  std::string text;
  AppendWireJson(value, text);
  return Json::parse(text);
}

Json Error(std::string_view code, std::string_view message) {
  return {{"error", {{"code", code}, {"message", message}}}};
}

Json AnswerRequest(const Json& line, const ApiModel& model, const ApiOperation& operation) {
  const auto params = ParseWireJson(line.at("params").dump());
  if (!params.ok()) return Error("", params.status().message());
  SerializeOptions options;
  options.endpoint = line.value("endpoint", "");
  options.idempotency_token = line.value("idempotency_token", "");
  auto request = Serialize(model, operation, *params, options);
  if (!request.ok()) return Error("InvalidParameter", request.status().message());
  Json headers = Json::object();
  for (const auto& [name, value] : request->headers) headers[name] = value;
  Json out = {{"method", request->method}, {"uri", request->uri}, {"headers", headers}};
  if (IsUtf8(request->body)) {
    out["body"] = request->body;
  } else {
    out["body_base64"] = Base64(request->body);
  }
  out["host"] = request->host;
  return out;
}

Json AnswerResponse(const Json& line, const ApiModel& model, const ApiOperation& operation) {
  const Json& given = line.at("response");
  WireResponse response;
  response.status = given.at("status_code").get<int>();
  const Json headers = given.value("headers", Json::object());
  for (const auto& [name, value] : headers.items())
    response.headers.emplace_back(name, value.get<std::string>());
  if (given.contains("body_base64")) {
    if (!FromBase64(given.at("body_base64").get<std::string>(), &response.body))
      throw std::runtime_error("body_base64 is not base64");
  } else if (given.contains("body") && given.at("body").is_string()) {
    response.body = given.at("body").get<std::string>();
  }
  const WireAnswer answer = Parse(model, operation, response);
  if (answer.ok()) return {{"result", ToJson(answer.result)}};
  Json out = Error(answer.error->code, answer.error->message);
  if (line.value("members", false)) out["members"] = ToJson(answer.error->members);
  return out;
}

std::string Answer(const Json& line) {
  const auto model = ApiModel::Load(line.at("model").dump());
  if (!model.ok()) throw std::runtime_error(model.status().message());
  const std::string name = line.at("operation").get<std::string>();
  const ApiOperation* operation = (*model)->FindOperation(name);
  if (operation == nullptr) throw std::runtime_error("the model has no operation '" + name + "'");
  return (line.contains("response") ? AnswerResponse(line, **model, *operation)
                                    : AnswerRequest(line, **model, *operation))
      .dump();
}

}  // namespace
}  // namespace tandem::aws

int main() { return tandem::conformance::RunJsonLines(tandem::aws::Answer); }
