#include "providers/aws/aws_provider.h"

#include <fmt/format.h>

#include <set>

#include "providers/aws/credentials/profiles.h"
#include "providers/aws/kinds/calls.h"
#include "providers/aws/kinds/errors.h"

namespace tandem::aws {
namespace {

constexpr Duration kOpenLimit = std::chrono::seconds(30);

CallError NotOpen(const std::string& account) {
  return MakeCallError(ErrorClass::kSignIn, "AccountNotOpen",
                       "account '" + account + "' was not opened");
}

}  // namespace

struct AwsProvider::Place {
  CallError error;
  std::shared_ptr<Session> session;
  std::shared_ptr<const Kind> kind;
  std::shared_ptr<const ApiModel> api;
};

AwsProvider::AwsProvider(AwsOptions options, const Catalog* catalog, SessionPorts ports)
    : options_(std::move(options)),
      catalog_(catalog),
      ports_(std::move(ports)),
      apis_(options_.schemas) {}

void AwsProvider::Describe(Done<Result<ProviderDescription>> done) {
  ProviderDescription description;
  description.name = "aws";
  description.version = options_.version;
  std::set<std::string> groups;
  for (const KindName& kind : catalog_->kinds())
    if (catalog_->ProviderOf(kind.group) == "aws") groups.insert(kind.group);
  description.groups.assign(groups.begin(), groups.end());
  done(std::move(description));
}

AccountAnswer AwsProvider::OpenNow(const AccountRequest& request) {
  AccountAnswer answer;
  const auto refuse = [&](ErrorClass error_class, std::string code, std::string message) {
    answer.error = MakeCallError(error_class, std::move(code), std::move(message));
    return answer;
  };
  const Value spec = request.spec.empty() ? Value(Map{}) : request.spec.Unpack();
  Result<AccountSettings> settings = ReadAccountSettings(spec);
  if (!settings.ok())
    return refuse(ErrorClass::kTerminal, "InvalidAccount", settings.status().message());
  if (settings->region.empty()) {
    const Result<std::string> region = DefaultRegion(
        ports_.environment, ProfileName(ports_.environment, settings->credentials.profile));
    if (region.ok()) settings->region = *region;
  }
  if (settings->region.empty())
    return refuse(ErrorClass::kTerminal, "InvalidAccount", "the account's spec has no region");
  const Result<std::shared_ptr<const ApiModel>> api = apis_.Find("sts");
  if (!api.ok()) return refuse(ErrorClass::kTerminal, "NoDescription", api.status().message());
  const ApiOperation* whoami = (*api)->FindOperation("GetCallerIdentity");
  if (whoami == nullptr)
    return refuse(ErrorClass::kTerminal, "NoDescription", "sts has no GetCallerIdentity");
  auto session = std::make_shared<Session>(*settings, ports_);
  const CallOutcome outcome = session->Call("sts", **api, *whoami, Map{}, "", kOpenLimit);
  if (!outcome.ok()) {
    answer.error = Classify(nullptr, *outcome.failure, false);
    return answer;
  }
  answer.verified_id = outcome.result.StringOr("Account", "");
  answer.principal = outcome.result.StringOr("Arn", "");
  if (answer.verified_id.empty())
    return refuse(ErrorClass::kNotDone, "UnreadableAnswer",
                  "GetCallerIdentity: the answer names no account");
  if (!settings->account_id.empty() && settings->account_id != answer.verified_id)
    return refuse(ErrorClass::kSignIn, "WrongAccount",
                  fmt::format("the credentials of '{}' are for account {}, not for {}",
                              request.account, answer.verified_id, settings->account_id));
  session->set_account_id(answer.verified_id);
  accounts_.With([&](auto& accounts) { accounts[request.account] = session; });
  return answer;
}

void AwsProvider::Open(AccountRequest request, Done<AccountAnswer> done) {
  // What was open before is not trusted while its successor is being verified.
  Close(request.account);
  done(OpenNow(request));
}

std::shared_ptr<Session> AwsProvider::Opened(const std::string& account) {
  return accounts_.With([&](auto& accounts) {
    const auto found = accounts.find(account);
    return found == accounts.end() ? nullptr : found->second;
  });
}

AwsProvider::Place AwsProvider::Find(const std::string& account, const KindName& kind) {
  Place place;
  place.session = Opened(account);
  if (place.session == nullptr) {
    place.error = NotOpen(account);
    return place;
  }
  place.kind = catalog_->ProviderOf(kind.group) == "aws" ? catalog_->Find(kind) : nullptr;
  if (place.kind == nullptr) {
    place.error = MakeCallError(ErrorClass::kTerminal, "UnknownKind",
                                "there is no kind " + kind.ToString());
    return place;
  }
  const Value* service = place.kind->body().At("api.service");
  Result<std::shared_ptr<const ApiModel>> api =
      apis_.Find(service == nullptr ? "" : service->as_string());
  if (!api.ok()) {
    place.error =
        MakeCallError(ErrorClass::kTerminal, "NoDescription", api.status().message());
    return place;
  }
  place.api = *api;
  return place;
}

void AwsProvider::List(ListRequest request, Done<ListAnswer> done) {
  Place place = Find(request.account, request.kind);
  if (!place.error.ok) {
    ListAnswer answer;
    answer.error = std::move(place.error);
    return done(std::move(answer));
  }
  done(KindCalls(*place.kind, place.api, *place.session).ListObjects(request));
}

void AwsProvider::Read(ReadRequest request, Done<ReadAnswer> done) {
  Place place = Find(request.account, request.kind);
  if (!place.error.ok) {
    ReadAnswer answer;
    answer.error = std::move(place.error);
    return done(std::move(answer));
  }
  done(KindCalls(*place.kind, place.api, *place.session).Read(request.identity));
}

void AwsProvider::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  Place place = Find(request.account, request.kind);
  if (!place.error.ok) {
    ApplyAnswer answer;
    answer.error = std::move(place.error);
    return done(std::move(answer));
  }
  done(KindCalls(*place.kind, place.api, *place.session).Apply(request));
}

void AwsProvider::Poll(PollRequest request, Done<PollAnswer> done) {
  Place place = Find(request.account, request.kind);
  if (!place.error.ok) {
    PollAnswer answer;
    answer.error = std::move(place.error);
    return done(std::move(answer));
  }
  done(KindCalls(*place.kind, place.api, *place.session).Poll(request.handle));
}

void AwsProvider::Measure(MeasureRequest request, Done<MeasureAnswer> done) {
  MeasureAnswer answer;
  answer.error = Opened(request.account) == nullptr
                     ? NotOpen(request.account)
                     : MakeCallError(ErrorClass::kTerminal, "UnknownSignal",
                                     "the aws provider measures no '" + request.signal + "'");
  done(std::move(answer));
}

void AwsProvider::Close(std::string account) {
  accounts_.With([&](auto& accounts) { accounts.erase(account); });
}

}  // namespace tandem::aws
