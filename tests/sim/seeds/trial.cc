#include "tests/sim/seeds/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/record/record.h"
#include "tests/sim/seeds/garden.h"
#include "tests/sim/seeds/weather.h"
#include "tests/support/sim_kinds.h"

namespace tandem::seeds {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// As a Garden spells it: without the account.
std::string Bare(const std::string& address) {
  return address.substr(0, address.find('@'));
}

class Trial {
 public:
  Trial(uint64_t seed, bool print)
      : seed_(seed),
        random_(seed * 1000003 + 17),
        engine_random_(seed * 7919 + 5),
        catalog_(testing::SimKinds()),
        memory_([](std::function<void()> work) { work(); }),
        weather_(&clock_, &random_) {
    weather_.print = print;
    WorldSettings world;
    world.seed = seed;
    Result<std::unique_ptr<SimProvider>> opened =
        SimProvider::Open({&journal_, &clock_, &catalog_}, world);
    TANDEM_CHECK(opened.ok());
    cloud_ = std::move(*opened);
    far_ = std::make_unique<FarCloud>(cloud_.get(), &weather_);
    disk_ = std::make_unique<FarStore>(&memory_, &weather_);
  }

  Verdict Run() {
    Boot();
    Garden garden(&random_, 10 + (random_.Below(4) == 0 ? random_.Below(100) : random_.Below(25)));
    std::string before;
    Garden old = garden;
    const size_t changes = 2 + random_.Below(4);
    for (size_t i = 0; i <= changes && failure_.empty(); ++i) {
      weather_.Trace(fmt::format("== model {}: {} resources", i, garden.plants().size()));
      Phase(garden, old);
      if (!failure_.empty()) break;
      if (i > 0 && !garden.renamed() && random_.Below(3) == 0) {
        Undo(old, garden);
        if (!failure_.empty()) break;
        garden = old;
      }
      old = garden;
      weather_.Trace("change:" + garden.Change());
      for (const auto& [from, to] : garden.renames()) Renamed(from, to);
    }
    Verdict verdict;
    verdict.seed = seed_;
    verdict.failure = failure_;
    verdict.applies = applies_;
    verdict.crashes = weather_.crashes;
    verdict.lost = weather_.lost;
    verdict.refused = weather_.refused;
    verdict.store_failures = weather_.store_failures;
    for (const SimEffect& effect : cloud_->Effects())
      weather_.Trace(fmt::format("effect {} {} {} {}", effect.seq, effect.operation, effect.address,
                                 effect.key.identity));
    verdict.hash = weather_.hash();
    engine_.reset();
    return verdict;
  }

 private:
  void Fail(const std::string& what) {
    if (!failure_.empty()) return;
    failure_ = what;
    weather_.Trace("FAILED " + what);
  }

  // --- the engine, and the end of it ---

  void Boot() {
    weather_.Crash();
    engine_.reset();
    EnginePorts ports;
    ports.store = disk_.get();
    ports.clock = &clock_;
    ports.random = &engine_random_;
    ports.executor = &executor_;
    ports.catalog = &catalog_;
    ports.secret_key = "key";
    ports.provider = [this](const std::string& name) -> Provider* {
      return name.empty() ? nullptr : far_.get();
    };
    EngineSettings settings;
    settings.turn = 1;  // so that it can be dropped between any two pieces of work
    engine_ = std::make_unique<Engine>(std::move(ports), settings);
    started_ = false;
    engine_->Start([this](Status status) {
      started_ = true;
      if (!status.ok()) Fail("start: " + status.ToString());
    });
  }

  /// True: the engine was dropped and a new one reads what is left.
  bool MaybeCrash() {
    if (weather_.odds.crash == 0 || crashes_left_ == 0) return false;
    if (random_.Below(10'000) >= static_cast<uint64_t>(weather_.odds.crash)) return false;
    --crashes_left_;
    ++weather_.crashes;
    weather_.Trace("crash");
    Boot();
    return true;
  }

  bool Until(const std::function<bool()>& done, Duration limit) {
    const Time end = clock_.Now() + limit;
    while (!done()) {
      if (!failure_.empty()) return false;
      if (weather_.One() || engine_->RunOne()) {
        MaybeCrash();
        continue;
      }
      std::optional<Time> due = weather_.NextDue();
      if (const std::optional<Time> timer = engine_->NextDue(); timer && (!due || *timer < *due))
        due = timer;
      if (!due || *due > end) return false;
      clock_.Set(std::max(*due, clock_.Now()));
    }
    return true;
  }
  void Pass(Duration time) {
    (void)Until([] { return false; }, time);
  }

  /// Asks until an answer comes: a crash takes the question with it.
  template <typename Answer>
  std::optional<Answer> Ask(const std::function<void(std::function<void(Answer)>)>& ask) {
    for (int tries = 0; tries < 20; ++tries) {
      if (!Until([&] { return started_; }, hours(1))) {
        Fail("I8: the engine does not start");
        return std::nullopt;
      }
      auto answer = std::make_shared<std::optional<Answer>>();
      const int64_t life = weather_.life();
      ask([answer](Answer given) { *answer = std::move(given); });
      const bool over =
          Until([&] { return answer->has_value() || life != weather_.life(); }, hours(3));
      if (answer->has_value()) return *answer;
      if (!over && failure_.empty()) Fail("I8: no answer");
      if (!failure_.empty()) return std::nullopt;
    }
    return std::nullopt;
  }

  // --- plans and runs ---

  std::optional<PlanAnswer> Plan(PlanRequest request) {
    for (int tries = 0; tries < 6; ++tries) {
      std::optional<PlanAnswer> answer = Ask<PlanAnswer>([&](auto done) {
        PlanRequest copy = request;
        engine_->MakePlan(std::move(copy), std::move(done));
      });
      if (!answer) return answer;
      if (answer->refusal == Refusal::kNone) return answer;
      const std::string all = answer->message + FormatDiagnostics(answer->diagnostics);
      const size_t budget = all.find("--delete-budget ");
      if (answer->refusal == Refusal::kPolicy && budget != std::string::npos) {
        request.delete_budget = std::stoll(all.substr(budget + 16));
        continue;
      }
      return answer;
    }
    return std::nullopt;
  }

  const RunView* View(const std::string& run) {
    held_ = engine_->snapshot();
    for (const RunView& view : held_->runs)
      if (view.run.id == run) return &view;
    return nullptr;
  }
  bool Ended(const std::string& run) {
    if (!started_) return false;
    const RunView* view = View(run);
    return view != nullptr && view->run.state != RunState::kOpen &&
           view->run.state != RunState::kStopping;
  }

  /// One plan carried out. "": nothing was to be done; else how its run ended.
  std::string Carry(PlanRequest request, bool outside, bool cancel) {
    const std::optional<PlanAnswer> plan = Plan(std::move(request));
    if (!plan) return "no plan";
    if (plan->refusal != Refusal::kNone)
      return "refused: " + plan->message + " " + FormatDiagnostics(plan->diagnostics);
    if (plan->plan->steps.empty() && plan->plan->from == plan->plan->to) return "";
    std::string steps;
    for (const Step& step : plan->plan->steps) {
      steps += fmt::format(" {} {};", ActionName(step.action), step.address.ToString());
      allowed_[Bare(step.address.ToString())].insert(std::string(ActionName(step.action)));
      if (step.action == Action::kMoved)
        allowed_[Bare(step.moved_from.ToString())].insert("moved");
    }
    weather_.Trace(fmt::format("plan {} {}:{}", plan->plan->from, plan->plan->to, steps));
    if (outside) MeddleOutside();
    std::string run;
    for (int tries = 0; tries < 20 && run.empty(); ++tries) {
      const std::optional<StartAnswer> started = Ask<StartAnswer>([&](auto done) {
        StartRequest start;
        start.hash = plan->plan->hash;
        start.actor = "uid:1";
        start.auto_approve = true;
        engine_->StartRun(std::move(start), std::move(done));
      });
      if (!started) return "no answer";
      run = started->run;
      if (run.empty() && started->pending) {
        const std::optional<StartAnswer> approved = Ask<StartAnswer>([&](auto done) {
          engine_->Approve(plan->plan->hash, "uid:2", std::move(done));
        });
        if (!approved) return "no answer";
        run = approved->run;
      }
      if (!run.empty()) break;
      // The question may have been answered before a crash.
      for (const RunView& view : engine_->snapshot()->runs)
        if (view.run.plan_hash == plan->plan->hash) run = view.run.id;
      if (run.empty()) return "not started: " + started->message;
    }
    ++applies_;
    if (cancel) {
      Pass(weather_.Between(0, 20'000));
      const size_t calls = far_->calls.size();
      const std::optional<Status> cancelled = Ask<Status>(
          [&](auto done) { engine_->Cancel(run, "uid:1", std::move(done)); });
      weather_.Trace("cancel " + run);
      if (cancelled && cancelled->ok()) CheckCancelled(run, calls, *plan->plan);
    }
    if (!Until([&] { return Ended(run); }, hours(12))) {
      if (failure_.empty()) Fail("I8: run " + run + " does not end: " + Stuck(run));
      return "stuck";
    }
    const RunView* view = View(run);
    std::string ended = std::string(RunStateName(view->run.state));
    weather_.Trace("run " + run + " " + ended + ": " + view->run.message);
    last_errors_.clear();
    for (const StepRow& row : view->steps)
      if (!row.error.empty())
        last_errors_ += fmt::format("\n    {} {} {}: {}", row.action, row.address.ToString(),
                                    StepStateName(row.state), row.error);
    return ended + (view->run.message.empty() ? "" : ": " + view->run.message);
  }

  std::string Stuck(const std::string& run) {
    std::string text;
    if (const RunView* view = View(run))
      for (const StepRow& row : view->steps)
        if (row.state < StepState::kSettled)
          text += fmt::format("\n    {} {} {}: {}", row.action, row.address.ToString(),
                              StepStateName(row.state), row.error);
    return text;
  }

  /// I6: what was under way may still be looked after; nothing new is called.
  void CheckCancelled(const std::string& run, size_t from, const tandem::Plan& plan) {
    std::set<std::string> known, planned;
    for (size_t i = 0; i < from; ++i) known.insert(far_->calls[i].intent);
    for (const Step& step : plan.steps) planned.insert(step.address.ToString());
    // Between the question and its answer calls may go out.
    const size_t answered = far_->calls.size();
    for (size_t i = from; i < answered; ++i) known.insert(far_->calls[i].intent);
    if (!Until([&] { return Ended(run); }, hours(12))) {
      Fail("I8: cancelled run does not end: " + Stuck(run));
      return;
    }
    for (size_t i = answered; i < far_->calls.size(); ++i)
      if (known.count(far_->calls[i].intent) == 0 && planned.count(far_->calls[i].address) > 0)
        Fail(fmt::format("I6: {} {} was called after its run was cancelled", far_->calls[i].call,
                         far_->calls[i].address));
  }

  void MeddleOutside() {
    std::vector<SimObject> objects = Live();
    if (objects.empty()) return;
    for (uint64_t i = 1 + random_.Below(2); i > 0; --i) {
      const SimObject& object = objects[random_.Below(objects.size())];
      const std::string address = AddressOf(object);
      if (random_.Below(2) == 0) {
        // Leaves only: what others stand on is refused by every vendor.
        const std::string kind = object.key.kind.ToString();
        if (kind == "net.sim/Network" || kind == "db.sim/Cluster" || kind == "dns.sim/Zone" ||
            kind == "iam.sim/Role")
          continue;
        if (cloud_->Delete(object.address).ok()) weather_.Trace("outside delete " + address);
      } else if (object.key.kind.ToString() == "iam.sim/Role") {
        if (cloud_->Mutate(object.address, "Policy", Value("outside")).ok())
          weather_.Trace("outside change " + address);
      } else if (object.key.kind.ToString() == "queue.sim/Queue") {
        if (cloud_->Mutate(object.address, "Depth", Value(int64_t{77})).ok())
          weather_.Trace("outside change " + address);
      }
    }
  }

  static PlanRequest RequestOf(const Garden& garden) {
    PlanRequest request;
    request.sources = {std::make_shared<SourceText>(SourceText{"model.yaml", garden.Text()})};
    request.actor = "uid:1";
    return request;
  }

  void Phase(const Garden& garden, const Garden& old) {
    const bool storm = random_.Below(5) != 0;
    allowed_.clear();
    first_effect_ = cloud_->Effects().size();
    if (storm) {
      weather_.odds = {static_cast<int>(random_.Below(120)), static_cast<int>(random_.Below(50)),
                       static_cast<int>(random_.Below(100)), static_cast<int>(random_.Below(100)),
                       static_cast<int>(random_.Below(60)),  static_cast<int>(random_.Below(25))};
      crashes_left_ = 8;
      if (random_.Below(3) == 0) {
        Fault stale;
        stale.type = FaultType::kStaleReads;
        stale.target = "aws";
        stale.lag = seconds(1 + random_.Below(15));
        (void)cloud_->AddFault(stale);
        weather_.Trace("stale reads");
      }
      const bool cancel = random_.Below(5) == 0;
      const std::string ended = Carry(RequestOf(garden), random_.Below(3) == 0, cancel);
      weather_.Trace("in bad weather: " + ended);
      weather_.odds = {};
      crashes_left_ = 0;
      (void)cloud_->ClearFault(0);
      if (!failure_.empty()) return;
      // What has been lost shows within deadline and window.
      Pass(minutes(3));
    }
    Converge(RequestOf(garden), "model", garden);
    if (failure_.empty()) Judge(garden, old);
  }

  /// I8 and promise 6: in good weather a few plans lead there, and then there is nothing to do.
  void Converge(const PlanRequest& request, const std::string& what, const Garden& garden) {
    std::string told;
    for (int round = 0; round < 5 && failure_.empty(); ++round) {
      ResolveQuarantines();
      const std::string ended = Carry(request, false, false);
      if (!failure_.empty()) return;
      told += "\n  " + ended + last_errors_;
      if (ended.empty() || ended.rfind("succeeded", 0) == 0) {
        const std::optional<PlanAnswer> next = Plan(RequestOf(garden));
        if (!next) return;
        if (next->refusal == Refusal::kNone && next->plan->steps.empty()) return;
        std::string steps;
        if (next->plan)
          for (const Step& step : next->plan->steps) {
            steps += fmt::format("\n    {} {}: {}", ActionName(step.action),
                                 step.address.ToString(), step.why);
            for (const FieldChange& change : step.changes)
              steps += fmt::format(" {} {} -> {}", change.path, ToCanonicalJson(change.before),
                                   ToCanonicalJson(change.after));
          }
        if (ended.rfind("succeeded", 0) == 0)
          return Fail("promise 6: after a run that succeeded the next plan of " + what + " has" +
                      steps + next->message);
        told += steps;
      }
      Pass(minutes(2));
    }
    Fail("I8: " + what + " is not reached in 5 plans:" + told);
  }

  /// What a person does: deletes what the evidence shows, then resumes.
  void ResolveQuarantines() {
    std::vector<Intent> quarantined;
    for (const Row& row : memory_.Rows()) {
      if (row.key.rfind("intent/", 0) != 0) continue;
      Result<Intent> intent = FromValue<Intent>(*ParseJson(row.value));
      if (intent.ok() && intent->state == IntentState::kQuarantined)
        quarantined.push_back(std::move(*intent));
    }
    if (quarantined.empty()) return;
    const std::vector<SimObject> live = Live();
    std::set<SimKey> made;
    for (const SimEffect& effect : cloud_->Effects())
      for (const Intent& intent : quarantined)
        if (effect.operation == "create" && effect.intent == intent.id) made.insert(effect.key);
    for (const SimObject& object : live)
      if (made.count(object.key) > 0) (void)cloud_->Delete(object.address);
    for (const Intent& intent : quarantined) {
      weather_.Trace("a person resumes " + intent.address.ToString());
      allowed_[Bare(intent.address.ToString())].insert("create");
      (void)Ask<Status>([&](auto done) {
        engine_->Resume(intent.address.ToString(), "uid:1", std::move(done));
      });
    }
  }

  void Undo(const Garden& old, const Garden& now) {
    PlanRequest request;
    request.undo_to = old_revision_;
    request.actor = "uid:1";
    allowed_.clear();
    first_effect_ = cloud_->Effects().size();
    weather_.Trace("== undo");
    Converge(request, "undo", old);
    if (failure_.empty()) Judge(old, now);
  }

  // --- judgement ---

  std::vector<SimObject> Live() {
    std::vector<SimObject> live;
    for (SimObject& object : cloud_->Look().objects)
      if (object.gone > clock_.Now() && object.deleted > clock_.Now())
        live.push_back(std::move(object));
    return live;
  }
  static std::string AddressOf(const SimObject& object) {
    return object.mark.address.empty() ? object.address : object.mark.address;
  }

  void Judge(const Garden& garden, const Garden& old) {
    old_revision_ = std::exchange(revision_, engine_->snapshot()->accepted);
    // Slow deletions have ended.
    Pass(minutes(10));
    std::map<std::string, Record> records;
    std::set<SimKey> named;
    for (const Row& row : memory_.Rows()) {
      if (row.key.rfind("record/", 0) == 0) {
        Result<Record> record = FromValue<Record>(*ParseJson(row.value));
        if (!record.ok()) return Fail("I4: " + row.key + ": " + record.status().ToString());
        named.insert({record->account, record->address.kind_name(), record->identity});
        if (!record->deposed.empty())
          return Fail("I4: " + row.key + " keeps objects that were replaced");
        records.emplace(Bare(record->address.ToString()), std::move(*record));
      } else if (row.key.rfind("intent/", 0) == 0) {
        return Fail("I4: an intent is left: " + row.value);
      }
    }
    std::map<std::string, std::vector<const SimObject*>> by_address;
    const std::vector<SimObject> live = Live();
    std::map<SimKey, const SimObject*> by_key;
    for (const SimObject& object : live) {
      by_key[object.key] = &object;
      by_address[Bare(AddressOf(object))].push_back(&object);
      if (named.count(object.key) == 0)
        return Fail(fmt::format("I2: {} '{}' was made for {} and no record names it",
                                object.key.kind.ToString(), object.key.identity, AddressOf(object)));
    }
    for (const auto& [address, plant] : garden.plants()) {
      const auto record = records.find(address);
      if (record == records.end()) return Fail("I4: no record of " + address);
      const auto object = by_key.find(
          {record->second.account, record->second.address.kind_name(), record->second.identity});
      if (object == by_key.end())
        return Fail(fmt::format("I4: {} is recorded as '{}', which is not there", address,
                                record->second.identity));
      if (by_address[address].size() != 1)
        return Fail(fmt::format("I1: {} exists {} times", address, by_address[address].size()));
      if (record->second.account != plant.account) return Fail("I4: the account of " + address);
      const Value settled = record->second.settled.Unpack();
      const Value fields = object->second->fields().Unpack();
      for (const auto& [member, value] : settled.as_map()) {
        const Value* have = fields.Find(member);
        if (have == nullptr || *have != value)
          return Fail(fmt::format("I4: {}.{} is {} and recorded as {}", address, member,
                                  have == nullptr ? "(nothing)" : ToCanonicalJson(*have),
                                  ToCanonicalJson(value)));
      }
      for (const auto& [member, target] : plant.refs) {
        const auto to = records.find(target);
        const Value* have = fields.Find(member);
        if (to == records.end() || have == nullptr || !have->is_string() ||
            have->as_string().find(target.rfind("iam.sim/Role", 0) == 0
                                       ? to->second.address.name
                                       : to->second.identity) == std::string::npos)
          return Fail(fmt::format("I4: {}.{} does not refer to {}", address, member, target));
      }
    }
    for (const auto& [address, record] : records)
      if (garden.plants().count(address) == 0) return Fail("I4: " + address + " is still recorded");
    JudgeEffects(garden, old);
  }

  void JudgeEffects(const Garden& garden, const Garden& old) {
    static const std::map<std::string, std::set<std::string>> kMay = {
        {"create", {"create", "replace"}},
        {"update", {"create", "update", "replace", "adopt", "moved"}},
        {"delete", {"delete", "replace"}}};
    const std::vector<SimEffect> effects = cloud_->Effects();
    std::set<std::string> healed;
    for (const RunView& view : engine_->snapshot()->runs)
      if (view.run.mode == "heal")
        for (const StepRow& row : view.steps) healed.insert(Bare(row.address.ToString()));
    std::map<std::string, int> alive;  // objects at an address, by effects alone
    for (size_t i = 0; i < effects.size(); ++i) {
      const SimEffect& effect = effects[i];
      const std::string address = Bare(effect.address);
      if (effect.operation == "create") ++alive[address];
      if (effect.operation == "delete") --alive[address];
      if (i < first_effect_ || effect.intent.empty()) continue;
      const std::set<std::string>& may = kMay.at(effect.operation);
      const auto planned = Owner(address);
      const bool ok = std::any_of(may.begin(), may.end(), [&](const std::string& action) {
        return planned.count(action) > 0;
      });
      if (!ok && !(effect.operation != "delete" && healed.count(address) > 0))
        return Fail(fmt::format("I3: {} of {} ({}) was in no plan", effect.operation, address,
                                effect.key.identity));
      Order(garden, old, effect, address, alive);
    }
  }

  /// Actions that were approved at an address, or at what it was renamed to.
  std::set<std::string> Owner(const std::string& address) {
    std::set<std::string> actions;
    for (const auto& name : names_of_[address].empty() ? std::set<std::string>{address}
                                                       : names_of_[address])
      actions.insert(allowed_[name].begin(), allowed_[name].end());
    return actions;
  }

  /// I5: made after what it needs, gone before it.
  void Order(const Garden& garden, const Garden& old, const SimEffect& effect,
             const std::string& address, const std::map<std::string, int>& alive) {
    const auto lives = [&](const std::string& name) {
      const auto found = alive.find(First(name));
      return found != alive.end() && found->second > 0;
    };
    if (effect.operation == "create") {
      const auto plant = garden.plants().find(address);
      if (plant == garden.plants().end()) return;
      for (const std::string& need : plant->second.Needs())
        if (!lives(need))
          Fail(fmt::format("I5: {} was made before {}, which it needs", address, need));
      return;
    }
    if (effect.operation != "delete" || lives(address) || garden.plants().count(address) > 0) return;
    for (const auto& [other, plant] : old.plants())
      // R14: instances die with their cluster.
      if (plant.kind != "db.sim/Instance" && plant.Needs().count(address) > 0 && garden.plants().count(other) == 0 && lives(other))
        Fail(fmt::format("I5: {} was deleted before {}, which needed it", address, other));
  }
  /// The ledger keeps the address that an object was made under.
  std::string First(const std::string& address) {
    const auto found = made_as_.find(address);
    return found == made_as_.end() ? address : found->second;
  }

  void Renamed(const std::string& from, const std::string& to) {
    made_as_[to] = First(from);
    names_of_[First(from)].insert({First(from), from, to});
  }

  uint64_t seed_;
  ManualClock clock_;
  SeededRandom random_;
  SeededRandom engine_random_;
  MemoryJournal journal_;
  testing::JsonCatalog catalog_;
  MemoryStore memory_;
  InlineExecutor executor_;
  Weather weather_;
  std::unique_ptr<SimProvider> cloud_;
  std::unique_ptr<FarCloud> far_;
  std::unique_ptr<FarStore> disk_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const Snapshot> held_;
  std::string failure_, last_errors_;
  bool started_ = false;
  int crashes_left_ = 0, applies_ = 0;
  size_t first_effect_ = 0;
  int64_t revision_ = 0, old_revision_ = 0;  // of the models judged last and before
  std::map<std::string, std::set<std::string>> allowed_;  // address → actions approved in this phase
  std::map<std::string, std::string> made_as_;
  std::map<std::string, std::set<std::string>> names_of_;
};

}  // namespace

Verdict RunSeed(uint64_t seed, bool print) { return Trial(seed, print).Run(); }

}  // namespace tandem::seeds
