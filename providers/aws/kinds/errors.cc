#include "providers/aws/kinds/errors.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::aws {
namespace {

constexpr size_t kLongestMessage = 500;

bool IsThrottling(const WireError& error) {
  constexpr std::string_view kCodes[] = {
      "Throttling",           "ThrottlingException",      "ThrottledException",
      "RequestThrottled",     "RequestThrottledException", "TooManyRequestsException",
      "RequestLimitExceeded", "BandwidthLimitExceeded",   "SlowDown",
      "EC2ThrottledException", "ProvisionedThroughputExceededException",
  };
  return error.status == 429 ||
         std::find(std::begin(kCodes), std::end(kCodes), error.code) != std::end(kCodes);
}

ErrorClass FromTable(const Kind* kind, const WireError& error) {
  const Value* table = kind == nullptr ? nullptr : kind->body().Find("errors");
  const Value* entry = table == nullptr ? nullptr : table->Find(error.code);
  if (entry == nullptr) return ErrorClass::kUnspecified;
  if (entry->is_string()) return ParseErrorClass(entry->as_string());
  if (!entry->is_map()) return ErrorClass::kUnspecified;
  for (const auto& [part, word] : entry->as_map())
    if (part != "otherwise" && error.message.find(part) != std::string::npos && word.is_string())
      return ParseErrorClass(word.as_string());
  return ParseErrorClass(entry->StringOr("otherwise", ""));
}

ErrorClass ClassOf(const Kind* kind, const WireError& error) {
  // Whatever wrote this was not the service, or did not finish.
  if (!error.understood) return ErrorClass::kPerhapsDone;
  if (const ErrorClass own = FromTable(kind, error); own != ErrorClass::kUnspecified)
    return own;
  if (IsThrottling(error)) return ErrorClass::kThrottled;
  if (IsSignInCode(error.code)) return ErrorClass::kSignIn;
  if (error.code == "ServiceQuotaExceededException") return ErrorClass::kExhausted;
  if (error.code == "RequestTimeout" || error.code == "RequestTimeoutException")
    return ErrorClass::kPerhapsDone;
  return error.status >= 400 && error.status < 500 ? ErrorClass::kTerminal
                                                   : ErrorClass::kPerhapsDone;
}

/// What to say of a refused credential. The service's own text may quote what was signed.
std::string_view SignInText(std::string_view code) {
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"InvalidClientTokenId", "the access key is not known to AWS"},
      {"UnrecognizedClientException", "the access key is not known to AWS"},
      {"InvalidAccessKeyId", "the access key is not known to AWS"},
      {"AuthFailure", "the access key is not known to AWS, or may not be used in this region"},
      {"SignatureDoesNotMatch",
       "the secret key is not that of the access key, or this machine's clock is wrong"},
      {"InvalidSignatureException",
       "the secret key is not that of the access key, or this machine's clock is wrong"},
      {"RequestExpired", "the request was too old when it came: this machine's clock may be wrong"},
      {"ExpiredToken", "the session token has expired"},
      {"ExpiredTokenException", "the session token has expired"},
      {"TokenRefreshRequired", "the session token has expired"},
      {"InvalidToken", "the session token is not valid"},
      {"InvalidTokenId", "the session token is not valid"},
  };
  for (const auto& [known, text] : kTexts)
    if (known == code) return text;
  return "the service refused the credentials";
}

void SecretTexts(const Kind& kind, const Value& value, Path& at, std::vector<std::string>& out) {
  if (value.is_string()) {
    if (!value.as_string().empty() && kind.RuleFor(at).secret) out.push_back(value.as_string());
  } else if (value.is_map()) {
    for (const auto& [key, item] : value.as_map()) {
      at.push_back({key, -1});
      SecretTexts(kind, item, at, out);
      at.pop_back();
    }
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      at.push_back({"", static_cast<int64_t>(i)});
      SecretTexts(kind, value.as_list()[i], at, out);
      at.pop_back();
    }
  }
}

}  // namespace

ErrorClass ParseErrorClass(std::string_view word) {
  constexpr std::pair<std::string_view, ErrorClass> kWords[] = {
      {"not-done", ErrorClass::kNotDone},     {"perhaps-done", ErrorClass::kPerhapsDone},
      {"waiting", ErrorClass::kWaiting},      {"throttled", ErrorClass::kThrottled},
      {"conflict", ErrorClass::kConflict},    {"sign-in", ErrorClass::kSignIn},
      {"exhausted", ErrorClass::kExhausted},  {"terminal", ErrorClass::kTerminal},
      {"gone", ErrorClass::kGone},            {"exists", ErrorClass::kExists},
  };
  for (const auto& [known, error_class] : kWords)
    if (known == word) return error_class;
  return ErrorClass::kUnspecified;
}

CallError Classify(const Kind* kind, const CallFailure& failure, bool mutating) {
  using Stage = CallFailure::Stage;
  const auto make = [&](ErrorClass error_class, std::string code, std::string_view text) {
    // A read that perhaps happened did nothing.
    if (error_class == ErrorClass::kPerhapsDone && !mutating)
      error_class = ErrorClass::kNotDone;
    CallError error = MakeCallError(
        error_class, std::move(code),
        fmt::format("{}: {}", failure.operation, text.substr(0, kLongestMessage)));
    error.retry_after = failure.retry_after;
    return error;
  };
  const std::string& why = failure.status.message();
  switch (failure.stage) {
    case Stage::kRefused:
      return make(ErrorClass::kTerminal, "InvalidRequest", why);
    case Stage::kSignIn:
      return make(ErrorClass::kSignIn, "NoCredentials", why);
    case Stage::kNotSent:
      return make(ErrorClass::kNotDone, "NotSent", why);
    case Stage::kLost:
      return make(ErrorClass::kPerhapsDone, "ReplyLost", why);
    case Stage::kAnswered:
      break;
  }
  const WireError& error = failure.error;
  const ErrorClass error_class = ClassOf(kind, error);
  if (!error.understood)
    return make(error_class, "UnreadableAnswer",
                fmt::format("the answer with status {} is not of the service", error.status));
  if (error_class == ErrorClass::kSignIn)
    return make(error_class, error.code, fmt::format("{}: {}", error.code, SignInText(error.code)));
  const bool discreet = IsSignInCode(error.code) || error.message.empty();
  return make(error_class, error.code, discreet ? "the service refused the call" : error.message);
}

void HideSecrets(const Kind& kind, const Value& form, CallError& error) {
  if (error.ok) return;
  std::vector<std::string> secrets;
  Path at;
  SecretTexts(kind, form, at, secrets);
  for (const std::string& secret : secrets) {
    for (size_t found = error.message.find(secret); found != std::string::npos;
         found = error.message.find(secret, found + 11))
      error.message.replace(found, secret.size(), "(sensitive)");
  }
}

}  // namespace tandem::aws
