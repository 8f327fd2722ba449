#include "tests/sim/seeds/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/record/record.h"
#include "tests/sim/seeds/bad_weather.h"
#include "tests/sim/seeds/garden.h"
#include "tests/sim/seeds/judge.h"
#include "tests/sim/seeds/weather.h"
#include "tests/support/sim_kinds.h"

namespace tandem::seeds {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Knows every secret, and none of them looks like anything else.
class Canaries final : public SecretSource {
 public:
  void Resolve(std::string uri, std::function<void(Result<SecretWorth>)> done) override {
    done(SecretWorth{std::string(kCanary) + "-" + Fingerprint(uri).substr(0, 12), ""});
  }
};

class Trial {
 public:
  explicit Trial(const Scenario& scenario)
      : scenario_(scenario),
        random_(scenario.seed * 1000003 + 17),
        engine_random_(scenario.seed * 7919 + 5),
        way_random_(scenario.seed * 104729 + 3),
        catalog_(testing::SimKinds()),
        memory_([](std::function<void()> work) { work(); }),
        wall_(&clock_),
        weather_(&clock_, &random_) {
    weather_.print = scenario.print;
    WorldSettings world;
    world.seed = scenario.seed;
    Result<std::unique_ptr<SimProvider>> opened =
        SimProvider::Open({&journal_, &clock_, &catalog_}, world);
    TANDEM_CHECK(opened.ok());
    cloud_ = std::move(*opened);
    far_ = std::make_unique<FarCloud>(cloud_.get(), &weather_);
    disk_ = std::make_unique<FarStore>(&memory_, &weather_);
    bad_weather_ = std::make_unique<BadWeather>(
        scenario.without, Exposed{&random_, &weather_, &wall_, cloud_.get(), far_.get(), [this] { Boot(); },
                                  [this] { LoseLease(); }});
  }

  Verdict Run() {
    Boot();
    // Log-uniform 10–500.
    size_t size = static_cast<size_t>(10 * std::pow(50, random_.Unit()));
    if (scenario_.size > 0) size = scenario_.size;
    Garden garden(&random_, size);
    std::string before;
    Garden old = garden;
    const size_t changes = std::min<size_t>(2 + random_.Below(4), scenario_.changes);
    for (size_t i = 0; i <= changes && failure_.empty(); ++i) {
      weather_.Trace(fmt::format("== model {}: {} resources", i, garden.plants().size()));
      Phase(garden, old);
      if (!failure_.empty()) break;
      if (i > 0 && random_.Below(3) == 0) {
        Undo(old, garden);
        if (!failure_.empty()) break;
        garden = old;
      }
      old = garden;
      weather_.Trace("change:" + garden.Change());
    }
    Verdict verdict;
    verdict.seed = scenario_.seed;
    verdict.size = size;
    verdict.changes = changes;
    verdict.failure = failure_;
    verdict.applies = applies_;
    verdict.struck = weather_.struck;
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
    // A process begins with what the machine's clock shows, and is not disturbed by what it is set to later.
    engine_clock_ = std::make_unique<EvenClock>(
        &wall_, [this] { return clock_.Now().time_since_epoch(); });
    far_->engine_clock = engine_clock_.get();
    EnginePorts ports;
    ports.store = disk_.get();
    ports.clock = engine_clock_.get();
    ports.random = &engine_random_;
    ports.executor = &executor_;
    ports.catalog = &catalog_;
    ports.secret_key = "key";
    ports.secrets = &canaries_;
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

  /// I6: a daemon whose store somebody else has taken calls nothing but what was durable before, and nothing
  /// at all once it was told.
  void LoseLease() {
    const size_t first = far_->calls.size();
    const std::map<std::string, std::string> durable = disk_->durable_intents();
    auto told = std::make_shared<std::optional<size_t>>();
    disk_->LoseLease([this, told] {
      if (*told) return;
      *told = far_->calls.size();
      weather_.After(std::chrono::milliseconds(50), true, [this, told] { *told = far_->calls.size(); });
    });
    Pass(weather_.Between(0, 60'000));
    for (size_t i = first; i < far_->calls.size(); ++i)
      if (durable.count(far_->calls[i].intent) == 0)
        Fail(fmt::format("I6: {} {} was called for an intent that was not durable before the store was lost",
                         far_->calls[i].call, far_->calls[i].address));
    if (*told && **told < far_->calls.size())
      Fail(fmt::format("I6: {} {} was called after the store was lost", far_->calls.back().call,
                       far_->calls.back().address));
    disk_->TakeLease();
    weather_.Trace("the next daemon");
    Boot();
  }

  bool Until(const std::function<bool()>& done, Duration limit) {
    const Time end = clock_.Now() + limit;
    while (!done()) {
      if (!failure_.empty()) return false;
      if (weather_.One() || engine_->RunOne()) {
        bad_weather_->MaybeStrike();
        continue;
      }
      std::optional<Time> due = weather_.NextDue();
      if (const std::optional<Time> timer = engine_->NextDue()) {
        // By the engine's clock, which may go a little slower or faster.
        const Time at = clock_.Now() + std::max<Duration>(*timer - engine_clock_->Now(), Duration(1));
        if (!due || at < *due) due = at;
      }
      if (!due || *due > end) return false;
      clock_.Set(std::max(*due, clock_.Now()));
    }
    return true;
  }
  void Pass(Duration time) {
    const Time end = clock_.Now() + time;
    (void)Until([] { return false; }, time);
    if (clock_.Now() < end) clock_.Set(end);
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

  /// The same request by what differs from what is accepted.
  PlanRequest AsChanges(PlanRequest request) {
    const std::shared_ptr<const CompiledModel> accepted = engine_->snapshot()->model;
    if (accepted == nullptr || request.sources.empty()) return request;
    std::map<std::string, std::string> before;
    for (const auto& [name, documents] : accepted->files)
      before[name] = documents.front()->source->text;
    for (const auto& [name, text] : before)
      if (std::none_of(request.sources.begin(), request.sources.end(),
                       [&, named = name](const auto& source) { return source->name == named; }))
        request.removed.push_back(name);
    std::erase_if(request.sources, [&](const auto& source) {
      const auto found = before.find(source->name);
      return found != before.end() && found->second == source->text;
    });
    request.over = accepted->digest;
    return request;
  }

  std::optional<PlanAnswer> Plan(PlanRequest request) {
    for (int tries = 0; tries < 6; ++tries) {
      std::optional<PlanAnswer> answer = Ask<PlanAnswer>([&](auto done) {
        engine_->MakePlan(way_random_.Below(2) == 0 ? request : AsChanges(request), std::move(done));
      });
      if (!answer) return answer;
      // What it was asked of has been overtaken.
      if (answer->refusal == Refusal::kNotFound && !request.undo_to) continue;
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
    blind_ = !plan->plan->unobserved.empty();
    if (plan->plan->steps.empty() && plan->plan->from == plan->plan->to) return "";
    std::string steps;
    for (const Step& step : plan->plan->steps)
      steps += fmt::format(" {} {};", ActionName(step.action), step.address.ToString());
    shown_.push_back(PlanToMarkdown(*plan->plan));
    weather_.Trace(fmt::format("plan {} {}:{}", plan->plan->from, plan->plan->to, steps));
    if (outside) bad_weather_->MeddleOutside(Live());
    std::string run;
    bool shaky = false;
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
      // Told while the store does not write: the run begins once it does, unless the engine dies before.
      shaky = !run.empty() && started->refusal != Refusal::kNone;
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
    for (const Step& step : plan->plan->steps) {
      allowed_[Bare(step.address.ToString())].insert(std::string(ActionName(step.action)));
      if (step.action == Action::kMoved)
        allowed_[Bare(step.moved_from.ToString())].insert("moved");
    }
    ++applies_;
    if (cancel) {
      Pass(weather_.Between(0, 20'000));
      const std::optional<Status> cancelled = Ask<Status>(
          [&](auto done) { engine_->Cancel(run, "uid:1", std::move(done)); });
      ++weather_.struck["cancel"];
      weather_.Trace("cancel " + run);
      if (cancelled && cancelled->ok()) CheckCancelled(run);
      if (!failure_.empty()) return "not cancelled";
    }
    const auto never_was = [&] { return shaky && started_ && View(run) == nullptr; };
    if (!Until([&] { return Ended(run) || never_was(); }, hours(12))) {
      if (failure_.empty()) Fail("I8: run " + run + " does not end: " + Stuck(run));
      return "stuck";
    }
    if (never_was()) return "never durable";
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

  /// I6: what was under way may still be looked after; nothing new of that run is called. (What a cancelled
  /// replace has deleted may be healed, by a run of its own.)
  void CheckCancelled(const std::string& run) {
    std::set<std::string> known;
    // Between the question and its answer calls may go out.
    const size_t answered = far_->calls.size();
    for (size_t i = 0; i < answered; ++i) known.insert(far_->calls[i].intent);
    const auto never_was = [&] { return started_ && View(run) == nullptr; };
    if (!Until([&] { return Ended(run) || never_was(); }, hours(12))) {
      Fail("I8: cancelled run does not end: " + Stuck(run));
      return;
    }
    for (size_t i = answered; i < far_->calls.size(); ++i) {
      const auto intent = disk_->durable_intents().find(far_->calls[i].intent);
      const bool of_run = intent == disk_->durable_intents().end() || intent->second == run;
      if (of_run && known.count(far_->calls[i].intent) == 0)
        Fail(fmt::format("I6: {} {} was called after its run was cancelled", far_->calls[i].call,
                         far_->calls[i].address));
    }
  }

  static PlanRequest RequestOf(const Garden& garden) {
    PlanRequest request;
    for (const auto& [name, text] : garden.Files())
      request.sources.push_back(std::make_shared<SourceText>(SourceText{name, text}));
    request.actor = "uid:1";
    return request;
  }

  void Phase(const Garden& garden, const Garden& old) {
    const bool storm = random_.Below(5) != 0;
    allowed_.clear();
    first_effect_ = cloud_->Effects().size();
    if (storm) {
      bad_weather_->Begin();
      const bool cancel = bad_weather_->Draws("cancel", 5);
      const bool outside = bad_weather_->Draws("outside", 3);
      const std::string ended = Carry(RequestOf(garden), outside, cancel);
      weather_.Trace("in bad weather: " + ended);
      bad_weather_->End();
      if (!failure_.empty()) return;
      // What has been lost shows within deadline and window.
      Pass(minutes(3));
    }
    Converge(RequestOf(garden), "model", garden);
    if (failure_.empty()) JudgeAll(garden, old);
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
        std::string steps;
        // R18: what cannot be observed is left out, so an empty plan says nothing of it.
        const bool blind = next->plan && !next->plan->unobserved.empty();
        if (blind) steps = fmt::format("\n    unobserved: {}", fmt::join(next->plan->unobserved, ", "));
        if (next->refusal == Refusal::kNone && next->plan->steps.empty() && !blind) return;
        if (next->plan)
          for (const Step& step : next->plan->steps) {
            steps += fmt::format("\n    {} {}: {}", ActionName(step.action),
                                 step.address.ToString(), step.why);
            for (const FieldChange& change : step.changes)
              steps += fmt::format(" {} {} -> {}", change.path, ToCanonicalJson(change.before),
                                   ToCanonicalJson(change.after));
          }
        if (ended.rfind("succeeded", 0) == 0 && !blind && !blind_)
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
    if (failure_.empty()) JudgeAll(old, now);
  }

  // --- judgement ---

  std::vector<SimObject> Live() {
    std::vector<SimObject> live;
    for (SimObject& object : cloud_->Look().objects)
      if (object.gone > clock_.Now() && object.deleted > clock_.Now())
        live.push_back(std::move(object));
    return live;
  }
  void JudgeAll(const Garden& garden, const Garden& old) {
    old_revision_ = std::exchange(revision_, engine_->snapshot()->accepted);
    // Slow deletions have ended.
    Pass(minutes(10));
    Evidence evidence{garden, old, memory_.Rows(), Live(), cloud_->Effects(), first_effect_,
                      allowed_, {}, std::move(shown_)};
    shown_.clear();
    for (const RunView& view : engine_->snapshot()->runs)
      if (view.run.mode == PlanMode::kHeal)
        for (const StepRow& row : view.steps) evidence.healed.insert(Bare(row.address.ToString()));
    if (std::string broken = Judge(evidence); !broken.empty()) Fail(broken);
  }

  Scenario scenario_;
  ManualClock clock_;  // the time there is; the clouds go by it
  SeededRandom random_;
  SeededRandom engine_random_;
  SeededRandom way_random_;  // of its own, so that seeds stay what they were
  MemoryJournal journal_;
  testing::JsonCatalog catalog_;
  MemoryStore memory_;
  InlineExecutor executor_;
  Canaries canaries_;
  WallClock wall_;
  Weather weather_;
  std::unique_ptr<EvenClock> engine_clock_;
  std::unique_ptr<SimProvider> cloud_;
  std::unique_ptr<FarCloud> far_;
  std::unique_ptr<FarStore> disk_;
  std::unique_ptr<BadWeather> bad_weather_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const Snapshot> held_;
  std::string failure_, last_errors_;
  bool started_ = false;
  bool blind_ = false;  // the last plan left something out
  int64_t applies_ = 0;
  size_t first_effect_ = 0;
  int64_t revision_ = 0, old_revision_ = 0;  // of the models judged last and before
  std::map<std::string, std::set<std::string>> allowed_;  // address → actions approved in this phase
  std::vector<std::string> shown_;
};

}  // namespace

std::string Scenario::Command() const {
  std::string text = fmt::format("--seed {}", seed);
  if (size > 0) text += fmt::format(" --size {}", size);
  if (changes < 99) text += fmt::format(" --changes {}", changes);
  if (!without.empty()) text += fmt::format(" --without {}", fmt::join(without, ","));
  return text;
}

Verdict Run(const Scenario& scenario) { return Trial(scenario).Run(); }

}  // namespace tandem::seeds
