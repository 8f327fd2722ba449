#include "tests/bench/in_process.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace tandem::bench {
namespace fs = std::filesystem;

std::unique_ptr<Catalog> BenchCatalog(const std::string& source) {
  // The catalog reads kinds when they are asked for, so the folder stays until the process ends.
  struct Folder {
    explicit Folder(const std::string& from) {
      std::string pattern = (fs::temp_directory_path() / "tandem-bench-schemas.XXXXXX").string();
      TANDEM_CHECK(mkdtemp(pattern.data()) != nullptr);
      path = pattern;
      fs::copy(from + "/schemas", path, fs::copy_options::recursive);
      fs::copy(from + "/tests/bench/kinds", path + "/kinds/aws/bench.aws");
    }
    ~Folder() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
    std::string path;
  };
  static const Folder folder(source);
  Result<std::unique_ptr<Catalog>> catalog = OpenCatalog(folder.path);
  TANDEM_CHECK(catalog.ok());
  return std::move(*catalog);
}

InProcess::InProcess(const std::string& source, StateStore* disk)
    : catalog(BenchCatalog(source)),
      memory([](std::function<void()> work) { work(); }),
      store(disk == nullptr ? &memory : disk) {
  auto opened = SimProvider::Open({&journal, &clock, catalog.get()}, WorldSettings{});
  TANDEM_CHECK(opened.ok());
  cloud = std::move(*opened);
  provider = std::make_unique<CountingProvider>(cloud.get());
  EnginePorts ports;
  ports.store = &store;
  ports.clock = &clock;
  ports.random = &random;
  ports.executor = &executor;
  ports.catalog = catalog.get();
  ports.secret_key = "key";
  ports.provider = [this](const std::string&) -> Provider* { return provider.get(); };
  EngineSettings settings;
  settings.resync = std::chrono::hours(24);
  engine = std::make_unique<Engine>(std::move(ports), settings);
  bool started = false;
  engine->Start([&](Status status) {
    TANDEM_CHECK(status.ok());
    started = true;
  });
  Until([&] { return started; });
}

InProcess::~InProcess() = default;

template <typename Done>
void InProcess::Until(const Done& done) {
  while (!done()) {
    if (engine->RunOne()) continue;
    const std::optional<Time> due = engine->NextDue();
    TANDEM_CHECK(due.has_value());
    clock.Set(std::max(*due, clock.Now()));
  }
}

std::string InProcess::Plan(const Sources& sources) {
  std::optional<PlanAnswer> answer;
  PlanRequest request;
  request.sources = sources;
  request.actor = "uid:1";
  engine->MakePlan(std::move(request), [&](PlanAnswer given) { answer = std::move(given); });
  Until([&] { return answer.has_value(); });
  if (answer->refusal != Refusal::kNone) {
    std::fprintf(stderr, "refused: %s\n%s\n", answer->message.c_str(),
                 answer->diagnostics.empty() ? "" : answer->diagnostics.items()[0].summary.c_str());
    std::abort();
  }
  plan = answer->plan;
  return plan->hash;
}

std::string InProcess::Apply(const std::string& hash) {
  std::optional<StartAnswer> answer;
  StartRequest request;
  request.hash = hash;
  request.actor = "uid:1";
  request.auto_approve = true;
  engine->StartRun(std::move(request), [&](StartAnswer given) { answer = std::move(given); });
  Until([&] { return answer.has_value(); });
  TANDEM_CHECK(!answer->run.empty());
  const auto state = [&] {
    for (const RunView& view : engine->snapshot()->runs)
      if (view.run.id == answer->run) return view.run.state;
    return RunState::kOpen;
  };
  Until([&] { return state() != RunState::kOpen && state() != RunState::kStopping; });
  return std::string(RunStateName(state()));
}

void InProcess::Refresh() {
  bool seen = false;
  engine->Refresh("", [&](Status status) {
    TANDEM_CHECK(status.ok());
    seen = true;
  });
  Until([&] { return seen; });
}

void InProcess::Settle() {
  while (engine->RunOne()) {
  }
}

}  // namespace tandem::bench
