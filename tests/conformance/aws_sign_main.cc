// aws_sign: AWS Signature Version 4.
//
//   {"request": {"method", "uri", "headers": [[name, value], …], "body"},
//    "credentials": {"access_key", "secret_key", "token", "sign_token"},
//    "region", "service", "timestamp"}
//     → {"canonical_request", "string_to_sign", "authorization"}
// `timestamp` is 20150830T123600Z or RFC 3339.
#include <stdexcept>

#include "providers/aws/sign/sigv4.h"
#include "tests/conformance/json_lines.h"

namespace tandem::aws {
namespace {

using conformance::Json;

Time ReadTime(std::string text) {
  if (text.size() == 16 && text[8] == 'T') {
    text.insert(13, ":");
    text.insert(11, ":");
    text.insert(6, "-");
    text.insert(4, "-");
  }
  const auto time = ParseTime(text);
  if (!time.ok()) throw std::runtime_error(time.status().message());
  return *time;
}

std::string TextOr(const Json& object, const char* name, const std::string& otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::string Answer(const Json& line) {
  const Json& given = line.at("request");
  WireRequest request;
  request.method = given.at("method").get<std::string>();
  request.uri = given.at("uri").get<std::string>();
  request.body = TextOr(given, "body", "");
  for (const Json& header : given.at("headers"))
    request.headers.emplace_back(header.at(0).get<std::string>(), header.at(1).get<std::string>());
  const Json& credentials = line.at("credentials");
  const SigningKeys keys{credentials.at("access_key").get<std::string>(),
                         credentials.at("secret_key").get<std::string>(),
                         TextOr(credentials, "token", "")};
  SigningRules rules;
  const auto sign_token = credentials.find("sign_token");
  if (sign_token != credentials.end() && sign_token->is_boolean())
    rules.sign_token = sign_token->get<bool>();
  const SigningScope scope{line.at("region").get<std::string>(),
                           line.at("service").get<std::string>(),
                           ReadTime(line.at("timestamp").get<std::string>())};
  const Signature signature = ComputeSignature(request, keys, scope, rules);
  return Json{{"canonical_request", signature.canonical_request},
              {"string_to_sign", signature.string_to_sign},
              {"authorization", signature.authorization}}
      .dump();
}

}  // namespace
}  // namespace tandem::aws

int main() { return tandem::conformance::RunJsonLines(tandem::aws::Answer); }
