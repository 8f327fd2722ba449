#include "providers/aws/kinds/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "providers/aws/credentials/cache.h"
#include "providers/aws/credentials/profiles.h"
#include "providers/aws/sign/sigv4.h"
#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/serialize.h"
#include "tandem/schema/api_params.h"

namespace tandem::aws {
namespace {

CallOutcome Failed(CallFailure::Stage stage, const ApiOperation& operation, Status status) {
  CallOutcome outcome;
  outcome.failure.emplace();
  outcome.failure->stage = stage;
  outcome.failure->operation = std::string(operation.name);
  outcome.failure->status = std::move(status);
  return outcome;
}

Status CheckEndpoint(const std::string& member, const std::string& url) {
  const Result<HttpUrl> parsed = ParseHttpUrl(url);
  return parsed.ok() ? OkStatus() : parsed.status().Annotate(member);
}

/// "120" or nothing: dates are left to the caller's own backoff.
Duration RetryAfter(const HttpResponse& response) {
  const std::optional<int64_t> seconds = ParseInt(response.HeaderOr("Retry-After", ""));
  if (!seconds || *seconds < 0) return Duration(0);
  return std::chrono::seconds(std::min<int64_t>(*seconds, 3600));
}

CredentialPorts PortsOf(const AccountSettings& settings, const SessionPorts& ports) {
  const auto own = settings.endpoints.find("sts");
  StsOptions options;
  options.endpoint = own == settings.endpoints.end() ? settings.endpoint : own->second;
  CredentialPorts out;
  out.environment = ports.environment;
  out.http = ports.http;
  out.clock = ports.clock;
  out.sts = NewStsCaller(*ports.http, *ports.clock, std::move(options));
  out.region = settings.region;
  return out;
}

/// Route 53 answers with "/hostedzone/Z1" and "/change/C1", and takes what follows the last slash.
Value WithBareIds(const std::string& service, const ApiOperation& operation, const Value& params) {
  if (service != "route53" || !operation.input || !params.is_map()) return params;
  Value out = params;
  for (const ApiMember& member : operation.input.shape->members) {
    const std::string_view shape = member.shape->name;
    const Value* given = params.Find(member.name);
    if (given == nullptr || !given->is_string()) continue;
    if (shape != "ResourceId" && shape != "DelegationSetId" && shape != "ChangeId") continue;
    const std::string& text = given->as_string();
    out.Set(member.name, text.substr(text.rfind('/') + 1));
  }
  return out;
}

}  // namespace

Result<AccountSettings> ReadAccountSettings(const Value& spec) {
  if (!spec.is_map()) return InvalidArgument("an account's spec is a map");
  AccountSettings settings;
  settings.account_id = spec.StringOr("accountId", "");
  settings.region = spec.StringOr("region", "");
  settings.endpoint = spec.StringOr("endpoint", "");
  if (!settings.endpoint.empty())
    TANDEM_RETURN_IF_ERROR(CheckEndpoint("endpoint", settings.endpoint));
  if (const Value* endpoints = spec.Find("endpoints"); endpoints != nullptr) {
    if (!endpoints->is_map()) return InvalidArgument("endpoints: a map of services to URLs");
    for (const auto& [service, url] : endpoints->as_map()) {
      if (!url.is_string()) return InvalidArgument("endpoints." + service + ": a URL");
      TANDEM_RETURN_IF_ERROR(CheckEndpoint("endpoints." + service, url.as_string()));
      settings.endpoints[service] = url.as_string();
    }
  }
  const Value* credentials = spec.Find("credentials");
  TANDEM_ASSIGN_OR_RETURN(settings.credentials,
                          ReadCredentialSettings(credentials == nullptr ? Value() : *credentials));
  return settings;
}

bool IsSignInCode(std::string_view code) {
  constexpr std::string_view kCodes[] = {
      "ExpiredToken",        "ExpiredTokenException",       "TokenRefreshRequired",
      "RequestExpired",      "InvalidClientTokenId",        "UnrecognizedClientException",
      "AuthFailure",         "InvalidAccessKeyId",          "InvalidToken",
      "InvalidTokenId",      "SignatureDoesNotMatch",       "InvalidSignatureException",
      "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
      "NotAuthorized",       "MissingAuthenticationTokenException",
  };
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

Session::Session(AccountSettings settings, const SessionPorts& ports)
    : settings_(std::move(settings)),
      ports_(ports),
      account_id_(settings_.account_id),
      credentials_(NewCredentialProvider(settings_.credentials, PortsOf(settings_, ports))) {}

std::string Session::EndpointOf(const std::string& service) const {
  const auto own = settings_.endpoints.find(service);
  return own == settings_.endpoints.end() ? settings_.endpoint : own->second;
}

CallOutcome Session::Call(const std::string& service, const ApiModel& api,
                          const ApiOperation& operation, const Value& params,
                          const std::string& token, Duration timeout) {
  const Time end = ports_.clock->Now() + timeout;
  std::optional<Credentials> refused;
  CallOutcome outcome = CallOnce(service, api, operation, params, token, timeout, refused);
  if (!refused) return outcome;
  // Who asks was refused, so nothing was done, and others may ask the same.
  const Result<Credentials> others = credentials_->Get();
  if (!others.ok() || (others->access_key == refused->access_key &&
                       others->secret_key == refused->secret_key && others->token == refused->token))
    return outcome;
  return CallOnce(service, api, operation, params, token, end - ports_.clock->Now(), refused);
}

CallOutcome Session::CallOnce(const std::string& service, const ApiModel& api,
                              const ApiOperation& operation, const Value& params,
                              const std::string& token, Duration timeout,
                              std::optional<Credentials>& refused) {
  refused.reset();
  using Stage = CallFailure::Stage;
  if (timeout <= Duration(0))
    return Failed(Stage::kNotSent, operation, DeadlineExceeded("no time left for the call"));
  SerializeOptions options;
  options.endpoint = EndpointOf(service);
  options.idempotency_token = token;
  const bool own = !options.endpoint.empty();
  options.host_prefix = !own;
  if (!own) {
    Result<std::string> vendors = DefaultEndpoint(api, settings_.region);
    if (!vendors.ok()) return Failed(Stage::kRefused, operation, vendors.status());
    options.endpoint = *vendors;
  }
  const Value request_form = WithBareIds(service, operation, params);
  // The service would refuse it as well, after a round trip and in its own words.
  const auto problems = ValidateParams(operation.input,
                                       request_form.is_null() ? Value(Map{}) : request_form,
                                       {.required = true, .enums = false, .limits = false});
  if (!problems.empty())
    return Failed(Stage::kRefused, operation,
                  InvalidArgument(problems[0].path.empty()
                                      ? problems[0].message
                                      : problems[0].path + ": " + problems[0].message));
  Result<WireRequest> wire = Serialize(api, operation, request_form, options);
  if (!wire.ok()) return Failed(Stage::kRefused, operation, wire.status());
  Result<HttpUrl> url = ParseHttpUrl(options.endpoint);
  if (!url.ok()) return Failed(Stage::kRefused, operation, url.status());
  std::optional<Credentials> signer;
  if (!operation.unsigned_request) {
    Result<Credentials> credentials = credentials_->Get();
    if (!credentials.ok()) {
      const Code code = credentials.status().code();
      const bool unreachable = code == Code::kUnavailable || code == Code::kDeadlineExceeded;
      return Failed(unreachable ? Stage::kNotSent : Stage::kSignIn, operation,
                    credentials.status().Annotate("credentials"));
    }
    signer = *credentials;
    const ApiMetadata& about = api.metadata();
    const std::string region =
        about.signing_region.empty() ? settings_.region : std::string(about.signing_region);
    const std::string_view name =
        about.signing_name.empty() ? about.endpoint_prefix : about.signing_name;
    Sign(*wire, {signer->access_key, signer->secret_key, signer->token},
         {region, std::string(name), ports_.clock->Now()});
  }
  HttpRequest request;
  request.method = wire->method;
  request.url = *url;
  request.url.target = wire->uri;
  if (!own && !operation.host_prefix.empty()) request.url.origin.host = wire->host;
  for (const auto& [header, value] : wire->headers) request.headers.emplace_back(header, value);
  request.body = std::move(wire->body);
  request.reach = own ? HttpReach::kAny : HttpReach::kPrivate;
  HttpOutcome sent = ports_.http->Send(request, timeout);
  if (!sent.ok())
    return Failed(sent.failure().sent ? Stage::kLost : Stage::kNotSent, operation,
                  sent.failure().status);
  const HttpResponse& response = sent.response();
  WireResponse raw{response.status, response.headers, response.body};
  WireAnswer answer = Parse(api, operation, raw);
  CallOutcome outcome;
  if (answer.ok()) {
    outcome.result = std::move(answer.result);
    return outcome;
  }
  outcome = Failed(Stage::kAnswered, operation, OkStatus());
  outcome.failure->error = std::move(*answer.error);
  outcome.failure->retry_after = RetryAfter(response);
  if (signer && IsSignInCode(outcome.failure->error.code)) {
    credentials_->Refuse(*signer);
    refused = std::move(signer);
  }
  return outcome;
}

}  // namespace tandem::aws
