#include "tests/oracle/aws/kinds/cloud.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "providers/aws/kinds/errors.h"

namespace tandem::oracle {
namespace {

constexpr int kMostPolls = 50;

aws::Environment TestEnvironment() {
  aws::Environment environment = aws::SystemEnvironment();
  environment.get = [](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY") return "testing";
    return std::nullopt;
  };
  return environment;
}

Value SpecOf(const Judge& judge, const std::string& account_id) {
  return Map{{"provider", "aws"},
             {"region", "us-east-1"},
             {"accountId", account_id},
             {"endpoint", judge.endpoint},
             {"credentials", Map{{"source", "environment"}}}};
}

KindName NameOf(const std::string& text) {
  const size_t slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

}  // namespace

Trouble TroubleOf(const CallError& error) {
  if (error.ok) return "";
  constexpr std::string_view kNames[] = {"unspecified", "not-done", "perhaps-done", "waiting",
                                         "throttled",   "conflict", "sign-in",      "exhausted",
                                         "terminal",    "gone",     "exists"};
  return fmt::format("{} {}: {}", kNames[static_cast<size_t>(error.error_class)], error.code,
                     error.message);
}

Cloud::Cloud(Judge judge, std::string schemas)
    : judge_(std::move(judge)), schemas_(std::move(schemas)), apis_(schemas_) {
  auto catalog = OpenCatalog(schemas_);
  TANDEM_CHECK(catalog.ok());
  catalog_ = std::move(catalog).value();
  auto http = NewHttpClient();
  TANDEM_CHECK(http.ok());
  http_ = std::move(http).value();
  const aws::SessionPorts ports{http_.get(), &clock_, TestEnvironment()};
  provider_ = std::make_unique<aws::AwsProvider>(aws::AwsOptions{schemas_, "test"},
                                                 catalog_.get(), ports);
  auto settings = aws::ReadAccountSettings(SpecOf(judge_, ""));
  TANDEM_CHECK(settings.ok());
  outsider_ = std::make_unique<aws::Session>(*settings, ports);
}

const Kind& Cloud::KindOf(const std::string& name) const {
  const auto kind = catalog_->Find(NameOf(name));
  TANDEM_CHECK(kind != nullptr);
  return *kind;
}

Value Cloud::Example(const std::string& kind) const {
  return *KindOf(kind).body().At("example.spec");
}

Trouble Cloud::Open(const std::string& account_id) {
  std::string principal;
  return Open(account_id, Map{{"source", "environment"}}, &principal);
}

Trouble Cloud::Open(const std::string& account_id, const Value& credentials,
                    std::string* principal) {
  AccountAnswer answer;
  Value spec = SpecOf(judge_, account_id);
  spec.Set("credentials", credentials);
  provider_->Open({"test", Packed::From(spec)}, [&](AccountAnswer got) { answer = std::move(got); });
  *principal = answer.principal;
  if (answer.error.ok && answer.verified_id != account_id) return "opened " + answer.verified_id;
  return TroubleOf(answer.error);
}

Mark Cloud::MarkFor(const std::string& kind, const std::string& name) const {
  return {"7f3c2a10-0000-4000-8000-1b2c3d4e5f60", kind + "/" + name, "intent-of-" + name};
}

Trouble Cloud::Apply(ApplyRequest request, std::string* identity, bool* lost) {
  request.intent = fmt::format("intent-{}-{}", request.address.name(), ++intents_);
  request.token = fmt::format("{:032x}", std::hash<std::string>()(request.intent));
  request.account = "test";
  request.mark = MarkFor(request.kind.ToString(), std::string(request.address.name()));
  const KindName kind = request.kind;
  ApplyAnswer answer;
  provider_->Apply(std::move(request), [&](ApplyAnswer got) { answer = std::move(got); });
  if (lost != nullptr) *lost = answer.error.error_class == ErrorClass::kPerhapsDone;
  if (!answer.error.ok) return TroubleOf(answer.error);
  if (identity != nullptr && !answer.identity.empty()) *identity = answer.identity;
  if (answer.handle.empty()) return "";
  for (int i = 0; i < kMostPolls; ++i) {
    PollAnswer poll;
    provider_->Poll({"test", kind, answer.handle}, [&](PollAnswer got) { poll = std::move(got); });
    if (!poll.error.ok) return TroubleOf(poll.error);
    if (poll.done) return "";
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "still waiting after the last poll";
}

Trouble Cloud::Create(const std::string& kind_name, const std::string& name, Value spec,
                      Made* made) {
  const Kind& kind = KindOf(kind_name);
  if (!kind.name_field().empty() && spec.At(kind.name_field()) == nullptr)
    spec.Set(kind.name_field(), name);
  *made = {kind.name(), name, "", spec};
  for (const CallRule& call : kind.CreateCalls(spec)) {
    ApplyRequest request;
    request.address = Address(kind.name().group, kind.name().kind, "", name);
    request.kind = kind.name();
    request.call = call.name;
    request.identity = made->identity;
    request.desired = Packed::From(spec);
    if (call.name.rfind("update:", 0) == 0) request.changed = call.fields;
    const Trouble trouble = Apply(std::move(request), &made->identity);
    if (!trouble.empty()) return call.name + ": " + trouble;
  }
  return "";
}

std::string Cloud::Need(const std::string& kind, const std::string& name, Value spec) {
  Made made;
  const Trouble trouble = Create(kind, name, std::move(spec), &made);
  if (!trouble.empty() && set_up_trouble_.empty()) set_up_trouble_ = kind + ": " + trouble;
  if (!made.identity.empty()) needed_.push_back(made);
  return made.identity;
}

Trouble Cloud::Read(const Made& made, LiveObject* object) {
  ReadAnswer answer;
  provider_->Read({"test", made.kind, made.identity},
                  [&](ReadAnswer got) { answer = std::move(got); });
  if (answer.error.ok && object != nullptr) *object = std::move(answer.object);
  return TroubleOf(answer.error);
}

Trouble Cloud::Differences(const Made& made, const Value& desired, ResourceDiff* diff) {
  LiveObject object;
  const Trouble trouble = Read(made, &object);
  if (!trouble.empty()) return trouble;
  const Kind& kind = KindOf(made.kind.ToString());
  const Value observed = object.fields.Unpack();
  DiffInput input;
  input.kind = &kind;
  input.desired = &desired;
  input.recorded = &made.desired;
  input.observed = &observed;
  *diff = Compare(input);
  return "";
}

Trouble Cloud::Update(Made& made, const Value& desired) {
  ResourceDiff diff;
  Trouble trouble = Differences(made, desired, &diff);
  if (!trouble.empty()) return trouble;
  if (diff.empty()) return "there is nothing to update";
  std::vector<std::string> paths;
  for (const FieldChange& change : diff.changes) {
    if (change.replaces) return change.path + " cannot be updated in place";
    if (change.unset != "released") paths.push_back(change.path);
  }
  const Kind& kind = KindOf(made.kind.ToString());
  for (const CallRule& call : kind.UpdateCalls(paths)) {
    LiveObject object;
    trouble = Read(made, &object);
    if (!trouble.empty()) return trouble;
    ApplyRequest request;
    request.address = Address(kind.name().group, kind.name().kind, "", made.name);
    request.kind = kind.name();
    request.call = call.name;
    request.identity = made.identity;
    request.desired = Packed::From(desired);
    request.recorded = Packed::From(made.desired);
    request.observed = object.fields;
    for (const std::string& path : paths)
      if (std::find(call.fields.begin(), call.fields.end(), ParsePath(path)[0].key) !=
          call.fields.end())
        request.changed.push_back(path);
    trouble = Apply(std::move(request), nullptr);
    if (!trouble.empty()) return call.name + ": " + trouble;
  }
  made.desired = desired;
  return "";
}

Trouble Cloud::Delete(const Made& made) {
  LiveObject object;
  Trouble trouble = Read(made, &object);
  if (!trouble.empty()) return trouble;
  ApplyRequest request;
  request.address = Address(made.kind.group, made.kind.kind, "", made.name);
  request.kind = made.kind;
  request.call = "delete";
  request.identity = made.identity;
  request.observed = object.fields;
  return Apply(std::move(request), nullptr);
}

Trouble Cloud::List(const std::string& kind, const std::vector<std::string>& parents,
                    std::vector<LiveObject>* objects) {
  ListRequest request{"test", NameOf(kind), parents, ""};
  for (int page = 0; page < 1000; ++page) {
    ListAnswer answer;
    provider_->List(request, [&](ListAnswer got) { answer = std::move(got); });
    if (!answer.error.ok) return TroubleOf(answer.error);
    if (!answer.complete) return "the list is not complete";
    for (LiveObject& object : answer.objects) objects->push_back(std::move(object));
    if (answer.next_page_token.empty()) return "";
    request.page_token = answer.next_page_token;
  }
  return "a list without end";
}

Trouble Cloud::Raw(const std::string& service, const std::string& operation, const Value& params,
                   Value* result) {
  const auto api = apis_.Find(service);
  TANDEM_CHECK(api.ok());
  const ApiOperation* found = (*api)->FindOperation(operation);
  TANDEM_CHECK(found != nullptr);
  aws::CallOutcome outcome = outsider_->Call(service, **api, *found, params, "raw-token-0123456789",
                                             std::chrono::seconds(30));
  if (!outcome.ok()) return TroubleOf(aws::Classify(nullptr, *outcome.failure, true));
  if (result != nullptr) *result = std::move(outcome.result);
  return "";
}

Trouble Cloud::CleanUp() {
  Trouble first;
  while (!needed_.empty()) {
    const Trouble trouble = Delete(needed_.back());
    if (!trouble.empty() && first.empty())
      first = needed_.back().kind.ToString() + " " + needed_.back().identity + ": " + trouble;
    needed_.pop_back();
  }
  return first;
}

}  // namespace tandem::oracle
