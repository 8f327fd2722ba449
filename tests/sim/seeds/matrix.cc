#include "tests/sim/seeds/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/record/record.h"
#include "tandem/sim/sim_provider.h"
#include "tandem/state/memory_store.h"
#include "tests/sim/seeds/crew.h"
#include "tests/support/crash_points.h"
#include "tests/support/sim_kinds.h"

namespace tandem::seeds {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Life;
using testing::LifePtr;

const std::vector<std::string> kActions = {"create",        "update", "delete", "destroy-first",
                                           "create-first", "adopt",  "cancel"};
const std::vector<std::string> kClasses = {"A", "B", "C", "D"};

/// Cells that cannot be: action and class ("*": any), the operation, and why.
struct Impossible {
  const char* action;
  const char* create_class;
  const char* operation;
  const char* why;
};
const Impossible kImpossible[] = {
    {"delete", "*", "secrets.resolve", "a delete carries no fields, and the model names no secret any more"},
};

std::vector<std::string> Kinds() {
  std::vector<std::string> kinds = testing::SimKinds();
  for (const std::string& create_class : kClasses)
    for (const bool first : {false, true}) {
      const bool named = create_class == "C";
      // Class D carries no mark either: nothing but lists tells.
      kinds.push_back(fmt::format(
          R"({{"kind": "m.sim/{0}{1}", "createClass": "{0}", {2} "createFirst": {3},
              "identity": {{"field": "{4}", {5} "kind": "{6}"}},
              "members": {{"Name": "string", "Fixed": "string!", "Free": "string", "Password": "string"}},
              "fields": {{{7} "Fixed": {{"replace": true}}, "Name": {{"replace": true}},
                          "Password": {{"secret": true, "writeOnly": true}}}},
              "sandbox": {{"create": "4s", "update": "2s", "delete": "2s", "handle": true {8}}}}})",
          create_class, first ? "First" : "", create_class == "D" ? "" : "\"tags\": {},",
          first ? "true" : "false", named ? "Name" : "Id", named ? "\"name\": \"Name\"," : "",
          named ? "named" : "assigned", named ? "" : "\"Id\": {\"computed\": true},",
          named ? "" : ", \"computed\": {\"Id\": \"x-{hex12}\"}"));
    }
  return kinds;
}

constexpr char kHead[] = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec: {activeSite: aws, sites: {aws: {}, gcp: {}}}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: main}
spec: {provider: sim, site: aws, region: us-east-1, accountId: "111122223333"}
---
apiVersion: iam.sim/v1
kind: Role
metadata: {name: bystander}
spec: {Policy: one}
---
)";

class Cell {
 public:
  Cell(std::string action, std::string create_class)
      : action_(std::move(action)),
        class_(std::move(create_class)),
        kind_(class_ + (action_ == "create-first" ? "First" : "")),
        catalog_(Kinds()),
        memory_([](std::function<void()> work) { work(); }) {
    cloud_ = std::move(*SimProvider::Open({&journal_, &clock_, &catalog_}, WorldSettings{}));
  }
  ~Cell() { engine_.reset(); }

  /// Passes the action with a life that ends at the `nth` time of `point`, 0: not at all. Reloading points
  /// are passed by a second life: the first one dies when a call was made.
  std::string Run(const std::string& point, int nth, std::map<std::string, int>* passed) {
    Boot(std::make_shared<Life>());
    if (std::string problem = Prepare(); !problem.empty()) return "preparation: " + problem;
    const bool reload = point.rfind("state.scan", 0) == 0 || point.rfind("state.get", 0) == 0;
    // Plain runs are not reloaded, so their counts come from a second pass.
    Boot(reload ? std::make_shared<Life>("provider.apply.after", 1)
                : std::make_shared<Life>(point, nth));
    Act();
    if (reload) {
      if (!life_->dead()) return "the first life made no call";
      Boot(std::make_shared<Life>(point, nth));
      Finish();
    }
    if (nth > 0 && !life_->dead()) return "the point was not reached";
    if (passed != nullptr) *passed = life_->passed();
    Boot(std::make_shared<Life>());
    return Recover();
  }

 private:
  void Boot(LifePtr life) {
    // Whatever the dead engine's destructor does reaches dead ports.
    if (life_ && !life_->dead()) (void)Until([&] { return false; }, minutes(1));
    LifePtr before = std::exchange(life_, std::move(life));
    if (before) before->Die();
    engine_.reset();
    store_ = std::make_unique<testing::MortalStore>(&memory_, life_);
    provider_ = std::make_unique<testing::MortalProvider>(cloud_.get(), life_);
    secrets_ = std::make_unique<testing::MortalSecrets>(life_);
    EnginePorts ports;
    ports.store = store_.get();
    ports.clock = &clock_;
    ports.random = &random_;
    ports.executor = &executor_;
    ports.secrets = secrets_.get();
    ports.catalog = &catalog_;
    ports.secret_key = "key";
    ports.provider = [this](const std::string& name) -> Provider* {
      return name.empty() ? nullptr : provider_.get();
    };
    EngineSettings settings;
    settings.turn = 1;
    engine_ = std::make_unique<Engine>(std::move(ports), settings);
    auto started = std::make_shared<bool>(false);
    engine_->Start([started](Status status) { *started = status.ok(); });
    (void)Until([&] { return *started; }, hours(1));
  }
  bool Until(const std::function<bool()>& done, Duration limit) {
    const Time end = clock_.Now() + limit;
    while (!done()) {
      if (life_->dead()) return false;
      if (engine_->RunOne()) continue;
      const std::optional<Time> due = engine_->NextDue();
      if (!due || *due > end) return false;
      clock_.Set(std::max(*due, clock_.Now()));
    }
    return true;
  }
  template <typename Answer>
  std::optional<Answer> Ask(const std::function<void(std::function<void(Answer)>)>& ask) {
    auto answer = std::make_shared<std::optional<Answer>>();
    ask([answer](Answer given) { *answer = std::move(given); });
    (void)Until([&] { return answer->has_value(); }, hours(2));
    return *answer;
  }
  bool Ended() {
    held_ = engine_->snapshot();
    return std::none_of(held_->runs.begin(), held_->runs.end(), [](const RunView& view) {
      return view.run.state == RunState::kOpen || view.run.state == RunState::kStopping;
    });
  }
  void Finish() { (void)Until([&] { return Ended(); }, hours(12)); }

  std::string Document(const std::string& fixed, const std::string& free,
                       const std::string& annotations = "") const {
    const std::string name = class_ == "C" && action_ == "create-first" ? "x-" + fixed : "x";
    return fmt::format(
        "apiVersion: m.sim/v1\nkind: {}\nmetadata: {{name: x, annotations: {{{}}}}}\n"
        "spec: {{{}Fixed: {}, Free: {}, Password: \"${{secret('env:P')}}\"}}\n",
        kind_, annotations, class_ == "C" ? "Name: " + name + ", " : "", fixed, free);
  }
  std::string Target() const {
    if (action_ == "delete") return kHead;
    if (action_ == "create" || action_ == "cancel") return kHead + Document("one", "one");
    if (action_ == "update") return kHead + Document("one", "two");
    if (action_ == "adopt") {
      std::string annotations = "tandem/adopt: and-update";
      if (class_ != "C") annotations += ", tandem/external-name: " + theirs_;
      return kHead + Document("one", "two", annotations);
    }
    return kHead + Document("two", "one");
  }

  std::string Prepare() {
    if (action_ == "adopt") {
      ApplyRequest request;
      request.account = "main";
      request.address = *Address::Parse("m.sim/" + kind_ + "/theirs");
      request.kind = request.address.kind_name();
      request.call = "create";
      request.intent = "theirs";
      Map desired{{"Fixed", "one"}, {"Free", "one"}};
      if (class_ == "C") desired.emplace("Name", "x");
      request.desired = Packed::From(std::move(desired));
      if (std::string problem = Apply(kHead); !problem.empty()) return problem;
      std::string error;
      cloud_->Apply(request, [&](ApplyAnswer answer) {
        theirs_ = answer.identity;
        error = answer.error.message;
      });
      clock_.Advance(minutes(1));
      return error;
    }
    const bool there = action_ != "create" && action_ != "cancel";
    return Apply(there ? kHead + Document("one", "one") : kHead);
  }

  /// Plans, starts and waits; "" when there is nothing more to do.
  std::string Apply(const std::string& text) {
    std::string told = "no end of plans";
    for (int round = 0; round < 6; ++round) {
      const std::optional<PlanAnswer> plan = MakePlan(text);
      if (!plan) return "no plan";
      if (plan->refusal == Refusal::kNone && plan->plan->steps.empty() &&
          plan->plan->from == plan->plan->to)
        return "";
      told = plan->message;
      if (plan->refusal == Refusal::kNone) {
        (void)Start(plan->plan->hash);
        Finish();
        if (!held_->runs.empty())
          for (const StepRow& row : held_->runs.front().steps) told += row.error;
      }
      clock_.Advance(minutes(2));
    }
    return told;
  }
  std::optional<PlanAnswer> MakePlan(const std::string& text) {
    return Ask<PlanAnswer>([&](auto done) {
      PlanRequest request;
      request.sources = {std::make_shared<SourceText>(SourceText{"model.yaml", text})};
      request.actor = "uid:1";
      engine_->MakePlan(std::move(request), std::move(done));
    });
  }
  std::string Start(const std::string& hash) {
    const std::optional<StartAnswer> started = Ask<StartAnswer>([&](auto done) {
      StartRequest request;
      request.hash = hash;
      request.actor = "uid:1";
      request.auto_approve = true;
      engine_->StartRun(std::move(request), std::move(done));
    });
    return started ? started->run : "";
  }

  void Act() {
    const std::optional<PlanAnswer> plan = MakePlan(Target());
    if (!plan || !plan->plan) return;
    const std::string run = Start(plan->plan->hash);
    if (run.empty()) return;
    if (action_ == "cancel") {
      (void)Until([&] { return life_->passed().count("provider.apply.before") > 0; }, hours(1));
      if (!life_->dead()) engine_->Cancel(run, "uid:1", [](Status) {});
    }
    Finish();
  }

  /// A new process, whom nobody helps; then the same model until nothing is left to do.
  std::string Recover() {
    Finish();
    if (!Ended()) return "I8: a run does not end";
    if (std::string problem = Apply(Target()); !problem.empty())
      return "I8: not reached: " + problem;
    clock_.Advance(minutes(10));
    std::string broken = Judge();
    if (!broken.empty())
      for (const SimEffect& effect : cloud_->Effects())
        broken += fmt::format("\n    effect {} {} {} {}", effect.seq, effect.operation, effect.address,
                              effect.intent);
    return broken;
  }

  std::string Judge() {
    int creates = 0, deletes = 0;
    const std::string kind = "m.sim/" + kind_;
    for (const SimEffect& effect : cloud_->Effects()) {
      if (effect.key.kind.ToString() != kind) continue;
      creates += effect.operation == "create";
      deletes += effect.operation == "delete";
    }
    const bool replaced = action_ == "destroy-first" || action_ == "create-first";
    if (creates != (replaced ? 2 : 1)) return fmt::format("I1: made {} times", creates);
    if (deletes != (replaced || action_ == "delete" ? 1 : 0))
      return fmt::format("I3: deleted {} times", deletes);
    std::vector<SimObject> live;
    for (SimObject& object : cloud_->Look().objects)
      if (object.key.kind.ToString() == kind && object.gone > clock_.Now())
        live.push_back(std::move(object));
    if (live.size() != (action_ == "delete" ? 0u : 1u))
      return fmt::format("I1: exists {} times", live.size());
    bool recorded = false;
    for (const Row& row : memory_.Rows()) {
      if (row.key.rfind("intent/", 0) == 0) return "I4: an intent is left: " + row.value;
      if (row.value.find("worth of ") != std::string::npos) return "I7: a secret is in " + row.key;
      if (row.key != "record/" + kind + "/x") continue;
      recorded = true;
      const Result<Record> record = FromValue<Record>(*ParseJson(row.value));
      if (!record.ok()) return "I4: " + record.status().ToString();
      if (live.empty()) return "I4: still recorded";
      if (record->identity != live[0].key.identity) return "I4: another identity is recorded";
      if (!record->deposed.empty()) return "I4: an old object is still to be deleted";
      const Value fields = live[0].fields().Unpack();
      const Value settled = record->settled.empty() ? Value(Map{}) : record->settled.Unpack();
      for (const char* member : {"Fixed", "Free"}) {
        const std::string wanted = Wanted(member);
        if (fields.StringOr(member, "") != wanted || settled.StringOr(member, "") != wanted)
          return fmt::format("I4: {} is {} and settled as {}, not {}", member,
                             fields.StringOr(member, ""), settled.StringOr(member, ""), wanted);
      }
    }
    if (!live.empty() && !recorded) return "I2: not recorded";
    return "";
  }
  std::string Wanted(const std::string& member) const {
    const bool replaced = action_ == "destroy-first" || action_ == "create-first";
    if (member == "Fixed") return replaced ? "two" : "one";
    return action_ == "update" || action_ == "adopt" ? "two" : "one";
  }

  std::string action_, class_, kind_, theirs_;
  ManualClock clock_;
  SeededRandom random_{11};
  MemoryJournal journal_;
  testing::JsonCatalog catalog_;
  MemoryStore memory_;
  InlineExecutor executor_;
  std::unique_ptr<SimProvider> cloud_;
  LifePtr life_;
  std::unique_ptr<testing::MortalStore> store_;
  std::unique_ptr<testing::MortalProvider> provider_;
  std::unique_ptr<testing::MortalSecrets> secrets_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const Snapshot> held_;
};

const Impossible* Listed(const std::string& action, const std::string& create_class,
                         const std::string& point) {
  const std::string operation = point.substr(0, point.rfind('.'));
  for (const Impossible& cell : kImpossible)
    if ((action == cell.action || std::string(cell.action) == "*") &&
        (create_class == cell.create_class || std::string(cell.create_class) == "*") &&
        operation == cell.operation)
      return &cell;
  return nullptr;
}

}  // namespace

namespace {

/// What became of one action of one create class, at every point.
struct Share {
  int run = 0, listed = 0, failed = 0, runs = 0;
  std::string told;
};

Share RunShare(const std::string& action, const std::string& create_class, int per_cell, bool list) {
  Share share;
  const auto tell = [&](const std::string& text) { share.told += text + "\n"; };
  // How often each point is passed when nothing happens, and how often by an engine that reloads.
  std::map<std::string, int> passed, reloading;
  std::string problem = Cell(action, create_class).Run("", 0, &passed);
  if (problem.empty()) problem = Cell(action, create_class).Run("state.scan.after", 0, &reloading);
  if (!problem.empty()) tell(fmt::format("{} {} undisturbed: {}", action, create_class, problem));
  share.failed += !problem.empty();
  for (const std::string& point : Life::Points()) {
    const bool reload = point.rfind("state.scan", 0) == 0 || point.rfind("state.get", 0) == 0;
    const int times = (reload ? reloading : passed)[point];
    if (const Impossible* cell = Listed(action, create_class, point); cell != nullptr) {
      ++share.listed;
      if (list) tell(fmt::format("{} {} {}: cannot be: {}", action, create_class, point, cell->why));
      if (times == 0) continue;
      tell(fmt::format("{} {} {}: listed as impossible, and passed {} times", action, create_class,
                       point, times));
      ++share.failed;
      continue;
    }
    ++share.run;
    if (times == 0) {
      tell(fmt::format("{} {} {}: never reached, and not listed", action, create_class, point));
      ++share.failed;
      continue;
    }
    for (int seed = 0; seed < std::min(per_cell, times); ++seed) {
      // The first seed dies in the middle, where a call is likeliest to be open; the others spread.
      const int nth = per_cell == 1 ? (times + 1) / 2 : 1 + seed * times / per_cell;
      ++share.runs;
      const std::string broken = Cell(action, create_class).Run(point, nth, nullptr);
      if (broken.empty()) continue;
      tell(fmt::format("{} {} {} {}: {}\n  replay: sim --cell \"{} {} {} {}\"", action, create_class,
                       point, nth, broken, action, create_class, point, nth));
      ++share.failed;
    }
  }
  return share;
}

}  // namespace

bool RunMatrix(int per_cell, bool list, int hands) {
  const size_t classes = kClasses.size();
  const auto work = [&](uint64_t job) {
    const Share share = RunShare(kActions[job / classes], kClasses[job % classes], per_cell, list);
    return fmt::format("{} {} {} {}\n{}", share.run, share.listed, share.failed, share.runs, share.told);
  };
  Share sum;
  ShareOut(kActions.size() * classes, hands, work, [&](uint64_t job, bool died, std::string text) {
    if (died) {
      fmt::print("{} {}: {}\n", kActions[job / classes], kClasses[job % classes], text);
      ++sum.failed;
      return;
    }
    std::istringstream numbers(text);
    Share share;
    numbers >> share.run >> share.listed >> share.failed >> share.runs;
    sum.run += share.run;
    sum.listed += share.listed;
    sum.failed += share.failed;
    sum.runs += share.runs;
    fmt::print("{}", text.substr(text.find('\n') + 1));
    std::fflush(stdout);
  });
  const size_t all = kActions.size() * classes * Life::Points().size();
  fmt::print("{} cells of {} run, {} listed as impossible; {} runs, {} failed\n", sum.run, all,
             sum.listed, sum.runs, sum.failed);
  return sum.failed == 0 && static_cast<size_t>(sum.run + sum.listed) == all;
}

bool RunCell(const char* name) {
  std::istringstream words(name);
  std::string action, create_class, point;
  int nth = 0;
  words >> action >> create_class >> point >> nth;
  const std::string broken = Cell(action, create_class).Run(point, nth, nullptr);
  fmt::print("{}: {}\n", name, broken.empty() ? "held" : broken);
  return broken.empty();
}

}  // namespace tandem::seeds
