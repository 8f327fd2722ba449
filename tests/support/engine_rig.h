// The real engine on a store in memory, simulated clouds and a clock that moves when nothing else does.
// One thread; the same seed gives the same run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/sim/sim_provider.h"
#include "tandem/state/memory_store.h"
#include "tests/support/sim_kinds.h"

namespace tandem::testing {

class MapSecrets final : public SecretSource {
 public:
  void Resolve(std::string uri, std::function<void(Result<SecretWorth>)> done) override {
    const auto found = worth.find(uri);
    if (found == worth.end()) {
      done(NotFound(uri));
    } else {
      done(SecretWorth{found->second, ""});
    }
  }
  std::map<std::string, std::string> worth;
};

/// Between engine and clouds: counts, and can lose replies or hold calls back.
class LossyProvider final : public Provider {
 public:
  explicit LossyProvider(Provider* inner) : inner_(*inner) {}

  void Describe(Done<Result<ProviderDescription>> done) override { inner_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    ++opens;
    if (on_open) on_open(request);
    if (swallow_opens > 0) {
      --swallow_opens;
      return;
    }
    if (refuse_sign_in) {
      AccountAnswer answer;
      answer.error = MakeCallError(ErrorClass::kSignIn, "ExpiredToken", "the token has expired");
      done(answer);
      return;
    }
    inner_.Open(std::move(request), std::move(done));
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    ++lists;
    inner_.List(request, [this, request, done = std::move(done)](ListAnswer answer) {
      if (on_list) on_list(request, answer);
      done(std::move(answer));
    });
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    ++reads;
    inner_.Read(std::move(request), [this, done = std::move(done)](ReadAnswer answer) {
      if (on_read) on_read(answer);
      done(std::move(answer));
    });
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    calls.push_back(request.call + " " + request.address.ToString());
    request.deadline -= clock_off;
    if (on_apply) on_apply(request);
    if (answer_with) {
      if (std::optional<CallError> error = answer_with(request)) {
        ApplyAnswer answer;
        answer.error = *error;
        done(answer);
        return;
      }
    }
    if (lose && lose(request)) {
      // The effect takes place, its answer never comes.
      inner_.Apply(std::move(request), [](ApplyAnswer) {});
      if (report_loss) {
        ApplyAnswer answer;
        answer.error = MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
        done(answer);
      }
      return;
    }
    inner_.Apply(std::move(request), [this, done = std::move(done)](ApplyAnswer answer) {
      if (on_answer) on_answer(answer);
      done(std::move(answer));
    });
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    inner_.Poll(std::move(request), std::move(done));
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    inner_.Measure(std::move(request), std::move(done));
  }
  void Close(std::string account) override { inner_.Close(std::move(account)); }

  std::vector<std::string> calls;
  std::function<void(const ApplyRequest&)> on_apply;
  std::function<void(const AccountRequest&)> on_open;
  std::function<std::optional<CallError>(const ApplyRequest&)> answer_with;
  std::function<bool(const ApplyRequest&)> lose;
  // May change what comes back.
  std::function<void(const ListRequest&, ListAnswer&)> on_list;
  std::function<void(ReadAnswer&)> on_read;
  std::function<void(ApplyAnswer&)> on_answer;
  Duration clock_off{0};  // of the engine's clock; deadlines are told on as time that is left
  int swallow_opens = 0;  // so many of them are never answered
  bool report_loss = true;
  bool refuse_sign_in = false;
  int opens = 0, lists = 0, reads = 0;

 private:
  Provider& inner_;
};

inline constexpr char kHead[] = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec:
  activeSite: aws
  sites: {aws: {}, gcp: {}}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: main}
spec: {provider: sim, site: aws, region: us-east-1, accountId: "111122223333"}
---
)";

/// Another clock, and what it is off by.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(const Clock* clock) : clock_(*clock) {}
  Time Now() const override { return clock_.Now() + off; }
  Duration off{0};

 private:
  const Clock& clock_;
};

class EngineRig {
 public:
  /// Without a catalog: the small one of tests/support/sim_kinds.h.
  /// `other` takes the place of the store in memory.
  explicit EngineRig(EngineSettings settings = {}, std::unique_ptr<Catalog> kinds = nullptr,
                     StateStore* other = nullptr)
      : other_store(other),
        catalog(kinds ? std::move(kinds) : std::make_unique<JsonCatalog>(SimKinds())),
        store([](std::function<void()> work) { work(); }),
        settings_(settings) {
    Result<std::unique_ptr<SimProvider>> opened =
        SimProvider::Open({&journal, &clock, catalog.get()}, WorldSettings{});
    TANDEM_CHECK(opened.ok());
    cloud = std::move(*opened);
    provider = std::make_unique<LossyProvider>(cloud.get());
    Boot();
  }

  /// A new engine on what the store and the clouds remember: what `kill -9` leaves.
  void Boot() {
    engine.reset();
    EnginePorts ports;
    ports.store = other_store != nullptr ? other_store : &store;
    ports.clock = &engine_clock;
    provider->clock_off = engine_clock.off;
    ports.random = &random;
    ports.executor = &executor;
    ports.secrets = &secrets;
    ports.catalog = catalog.get();
    ports.secret_key = "key";
    if (keep_witness) ports.witnessed = witnessed;
    ports.witness = [this](const WitnessMark& mark, std::function<void()> done) {
      const auto put = [this, mark, done = std::move(done)] {
        witnessed = mark;
        done();
      };
      if (hold_witness) held_witness.push_back(put);
      else put();
    };
    ports.provider = [this](const std::string& name) -> Provider* {
      return name.empty() ? nullptr : provider.get();
    };
    engine = std::make_unique<Engine>(std::move(ports), settings_);
    std::optional<Status> started;
    engine->Start([&](Status status) { started = std::move(status); });
    engine->WhenReadable([&] {
      if (at_readable) at_readable();
    });
    Until([&] { return started.has_value(); });
    start_status = started.value_or(DeadlineExceeded("start"));
  }

  /// Turns the engine, moving the clock to the next timer when it idles, until `done` or `limit` passed.
  bool Until(const std::function<bool()>& done, Duration limit = std::chrono::hours(2)) {
    const Time end = clock.Now() + limit;
    while (!done()) {
      if (engine->RunOne()) continue;
      std::optional<Time> due = engine->NextDue();
      if (due) *due -= engine_clock.off;
      if (!due || *due > end) return false;
      clock.Set(std::max(*due, clock.Now()));
    }
    return true;
  }
  /// Lets time go by.
  void Pass(Duration duration) {
    const Time end = clock.Now() + duration;
    (void)Until([] { return false; }, duration);
    clock.Set(end);
    while (engine->RunOne()) {
    }
  }
  /// Whatever is to be done now, without moving the clock.
  void Settle() {
    while (engine->RunOne()) {
    }
  }

  static PlanRequest Request(const std::string& documents, bool head = true) {
    PlanRequest request;
    request.sources = {std::make_shared<SourceText>(
        SourceText{"model.yaml", (head ? kHead : "") + documents})};
    request.actor = "uid:1";
    return request;
  }
  PlanAnswer Plan(PlanRequest request) {
    std::optional<PlanAnswer> answer;
    engine->MakePlan(std::move(request), [&](PlanAnswer given) { answer = std::move(given); });
    if (!Until([&] { return answer.has_value(); })) {
      PlanAnswer none;
      none.refusal = Refusal::kInternal;
      none.message = "no answer";
      return none;
    }
    return std::move(*answer);
  }
  PlanAnswer Plan(const std::string& documents) { return Plan(Request(documents)); }

  StartAnswer Start(const std::string& hash, bool auto_approve = true,
                    const std::string& actor = "uid:1") {
    StartRequest request;
    request.hash = hash;
    request.actor = actor;
    request.auto_approve = auto_approve;
    return Start(std::move(request));
  }
  StartAnswer Start(StartRequest request) {
    std::optional<StartAnswer> answer;
    engine->StartRun(std::move(request), [&](StartAnswer given) { answer = std::move(given); });
    Until([&] { return answer.has_value(); });
    return answer.value_or(StartAnswer{Refusal::kInternal, "no answer", false, ""});
  }
  StartAnswer Approve(const std::string& hash, const std::string& actor) {
    std::optional<StartAnswer> answer;
    engine->Approve(hash, actor, [&](StartAnswer given) { answer = std::move(given); });
    Until([&] { return answer.has_value(); });
    return answer.value_or(StartAnswer{Refusal::kInternal, "no answer", false, ""});
  }
  template <typename Call>
  Status Ask(Call call) {
    std::optional<Status> answer;
    call([&](Status given) { answer = std::move(given); });
    Until([&] { return answer.has_value(); });
    return answer.value_or(DeadlineExceeded("no answer"));
  }

  std::optional<Run> RunOf(const std::string& id) {
    for (const RunView& view : engine->snapshot()->runs)
      if (view.run.id == id) return view.run;
    return std::nullopt;
  }
  bool Ended(const std::string& id) {
    const std::optional<Run> run = RunOf(id);
    return run && run->state != RunState::kOpen && run->state != RunState::kStopping;
  }
  /// Plans, starts and waits. The run's state and message: "succeeded: 2 done".
  std::string Apply(const std::string& documents, Duration limit = std::chrono::hours(2)) {
    const PlanAnswer plan = Plan(documents);
    if (plan.refusal != Refusal::kNone) return "refused: " + plan.message;
    const StartAnswer started = Start(plan.plan->hash);
    if (started.run.empty()) return "not started: " + started.message;
    return Wait(started.run, limit);
  }
  std::string Wait(const std::string& id, Duration limit = std::chrono::hours(2)) {
    Until([&] { return Ended(id); }, limit);
    const std::optional<Run> run = RunOf(id);
    if (!run) return "no run";
    return std::string(RunStateName(run->state)) + (run->message.empty() ? "" : ": " + run->message);
  }
  /// "create net.sim/Network/a; update …", in plan order.
  static std::string Steps(const PlanAnswer& answer) {
    if (answer.refusal != Refusal::kNone) return "refused: " + answer.message;
    std::string text;
    for (const Step& step : answer.plan->steps) {
      if (!text.empty()) text += "; ";
      text += std::string(ActionName(step.action)) + " " + step.address.ToString();
    }
    return text;
  }
  std::map<std::string, StepRow> Rows(const std::string& run) {
    std::map<std::string, StepRow> rows;
    for (const RunView& view : engine->snapshot()->runs)
      if (view.run.id == run)
        for (const StepRow& row : view.steps) rows[row.address.ToString()] = row;
    return rows;
  }
  const Condition* ConditionOf(const std::string& address, const std::string& type) {
    held_ = engine->snapshot();
    const ResourceView* view = held_->Find(address);
    if (view == nullptr) return nullptr;
    for (const Condition& condition : *view->conditions)
      if (condition.type == type) return &condition;
    return nullptr;
  }
  /// How many effects of `operation` the clouds have seen on `address`, or on all for "".
  int Effects(const std::string& operation, const std::string& address = "") {
    int count = 0;
    for (const SimEffect& effect : cloud->Effects())
      count += effect.operation == operation && (address.empty() || effect.address == address);
    return count;
  }
  /// A role that somebody else made, without a mark.
  void MakeOutside(const std::string& role, const std::string& policy) {
    ApplyRequest request;
    request.account = "main";
    request.address = {"iam.sim", "Role", "", role, ""};
    request.kind = request.address.kind_name();
    request.call = "create";
    request.intent = "theirs";
    request.desired = Packed::From(Map{{"RoleName", role}, {"Policy", policy}});
    std::optional<ApplyAnswer> answer;
    cloud->Apply(request, [&](ApplyAnswer given) { answer = std::move(given); });
    TANDEM_CHECK(answer && answer->error.ok);
  }
  /// How many the store has.
  int Intents() const {
    int count = 0;
    for (const Row& row : store.Rows()) count += row.key.rfind("intent/", 0) == 0;
    return count;
  }
  /// Live objects, "address" each, sorted.
  std::vector<std::string> Live() {
    std::vector<std::string> live;
    for (const SimObject& object : cloud->Objects())
      if (object.gone > clock.Now()) live.push_back(object.address);
    std::sort(live.begin(), live.end());
    return live;
  }
  std::string Events(const std::string& reason) {
    std::optional<std::vector<Event>> events;
    EventQuery all;
    all.limit = 10'000;
    engine->GetEvents(all, [&](Result<std::vector<Event>> given) {
      events = given.ok() ? *given : std::vector<Event>();
    });
    Until([&] { return events.has_value(); });
    std::string text;
    for (const Event& event : *events)
      if (event.reason == reason) text += event.address + ": " + event.message + "\n";
    return text;
  }

  StateStore* other_store;  // may be changed between Boots
  std::function<void()> at_readable;  // while an engine starts, in its turn
  bool keep_witness = false;  // true: the next Boots are told what stands outside the store
  std::optional<WitnessMark> witnessed;
  bool hold_witness = false;  // true: it is put outside by whoever calls these
  std::vector<std::function<void()>> held_witness;
  ManualClock clock;
  ShiftedClock engine_clock{&clock};  // may be set off before a Boot
  SeededRandom random{7};
  MemoryJournal journal;
  std::unique_ptr<Catalog> catalog;
  MemoryStore store;
  InlineExecutor executor;
  MapSecrets secrets;
  std::unique_ptr<SimProvider> cloud;
  std::unique_ptr<LossyProvider> provider;
  std::unique_ptr<Engine> engine;
  Status start_status;

 private:
  EngineSettings settings_;
  std::shared_ptr<const Snapshot> held_;
};

}  // namespace tandem::testing
