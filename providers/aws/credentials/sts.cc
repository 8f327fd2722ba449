#include "providers/aws/credentials/sts.h"

#include <fmt/format.h>

#include "providers/aws/sign/sigv4.h"
#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/xml.h"

namespace tandem::aws {
namespace {

// What the service says went wrong. Its text is passed on only where it cannot hold what we sent: a
// mismatch of signatures is explained with the whole request.
Status RefusalOf(int status, std::string_view body) {
  std::string code;
  std::string message;
  if (Result<XmlElement> root = ParseXml(body); root.ok()) {
    const XmlElement* error = root->Child("Error");
    if (error != nullptr) {
      code = error->ChildText("Code");
      message = error->ChildText("Message");
    }
  }
  if (code.empty()) {
    return Status(status >= 500 || status == 429 ? Code::kUnavailable : Code::kUnauthenticated,
                  fmt::format("the token service answered with status {}", status));
  }
  bool discreet = code == "AccessDenied" || code == "ValidationError" || code == "RegionDisabled";
  std::string text = "the token service refused: " + code;
  if (discreet && !message.empty()) text += ": " + message.substr(0, 500);
  if (code == "Throttling" || code == "ThrottlingException" || code == "RequestLimitExceeded" ||
      code == "IDPCommunicationError" || status >= 500) {
    return Unavailable(text);
  }
  if (code == "AccessDenied" || code == "RegionDisabledException") return PermissionDenied(text);
  if (code == "ValidationError" || code == "MalformedPolicyDocument" ||
      code == "PackedPolicyTooLarge") {
    return FailedPrecondition(text);
  }
  return Unauthenticated(text);
}

Result<Credentials> RoleCredentials(const StsCall& call, std::string_view body) {
  Status malformed = Unavailable("the token service's answer is malformed");
  Result<XmlElement> root = ParseXml(body);
  if (!root.ok()) return malformed;
  const XmlElement* result = root->Child(call.action + "Result");
  const XmlElement* found = result == nullptr ? nullptr : result->Child("Credentials");
  if (found == nullptr) return malformed;
  Credentials credentials;
  credentials.access_key = found->ChildText("AccessKeyId");
  credentials.secret_key = found->ChildText("SecretAccessKey");
  credentials.token = found->ChildText("SessionToken");
  Result<Time> expiry = ParseTime(found->ChildText("Expiration"));
  if (credentials.access_key.empty() || credentials.secret_key.empty() || !expiry.ok()) {
    return malformed;
  }
  credentials.expiry = *expiry;
  return credentials;
}

std::string FormBody(const StsCall& call) {
  std::string body = "Action=" + call.action + "&Version=2011-06-15";
  for (const auto& [name, value] : call.parameters) {
    body += "&" + PercentEncode(name) + "=" + PercentEncode(value);
  }
  return body;
}

}  // namespace

std::string StsEndpoint(const std::string& region) {
  if (region.empty()) return "https://sts.amazonaws.com";
  constexpr std::pair<std::string_view, std::string_view> kPartitions[] = {
      {"cn-", "amazonaws.com.cn"},    {"us-iso-", "c2s.ic.gov"},      {"us-isob-", "sc2s.sgov.gov"},
      {"us-isof-", "csp.hci.ic.gov"}, {"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
  };
  std::string_view suffix = "amazonaws.com";
  for (const auto& [prefix, domain] : kPartitions) {
    if (region.starts_with(prefix)) suffix = domain;
  }
  return fmt::format("https://sts.{}.{}", region, suffix);
}

StsCaller NewStsCaller(HttpClient& http, const Clock& clock, StsOptions options) {
  return [&http, &clock, options = std::move(options)](
             const StsCall& call, std::stop_token stop) -> Result<Credentials> {
    bool own = options.endpoint.empty();
    TANDEM_ASSIGN_OR_RETURN(HttpUrl url,
                            ParseHttpUrl(own ? StsEndpoint(call.region) : options.endpoint));
    WireRequest wire;
    wire.method = "POST";
    wire.uri = url.target;
    wire.host = url.origin.Authority();
    wire.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    wire.body = FormBody(call);
    if (call.signer) {
      Sign(wire, {call.signer->access_key, call.signer->secret_key, call.signer->token},
           {call.region.empty() ? "us-east-1" : call.region, "sts", clock.Now()});
    }
    HttpRequest request;
    request.method = wire.method;
    request.url = url;
    request.headers = wire.headers;
    request.body = wire.body;
    request.reach = own ? HttpReach::kPrivate : HttpReach::kAny;
    HttpOutcome outcome = http.Send(request, options.timeout, std::move(stop));
    if (!outcome.ok()) return outcome.failure().status;
    const HttpResponse& response = outcome.response();
    if (response.status != 200) return RefusalOf(response.status, response.body);
    return RoleCredentials(call, response.body);
  };
}

}  // namespace tandem::aws
