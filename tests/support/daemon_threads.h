// The engine on the daemon's own threads, over a store on disk and simulated clouds that answer from threads
// of their own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/executors.h"
#include "tandem/engine/engine.h"
#include "tandem/sim/sim_provider.h"
#include "tandem/state_sqlite/sqlite_store.h"
#include "tests/support/engine_rig.h"
#include "tests/support/temp_folder.h"

namespace tandem {

/// Answers on threads of its own, as a plugin's connection does.
class ElsewhereProvider final : public Provider {
 public:
  ElsewhereProvider(Provider* inner, Executor* threads) : inner_(*inner), threads_(*threads) {}
  void Describe(Done<Result<ProviderDescription>> done) override { inner_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    Pass(&Provider::Open, std::move(request), std::move(done));
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    Pass(&Provider::List, std::move(request), std::move(done));
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    Pass(&Provider::Read, std::move(request), std::move(done));
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    Pass(&Provider::Apply, std::move(request), std::move(done));
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    Pass(&Provider::Poll, std::move(request), std::move(done));
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    Pass(&Provider::Measure, std::move(request), std::move(done));
  }
  void Close(std::string account) override { inner_.Close(std::move(account)); }

 private:
  template <typename Request, typename Answer>
  void Pass(void (Provider::*call)(Request, Done<Answer>), Request request, Done<Answer> done) {
    threads_.Run([this, call, request = std::move(request), done = std::move(done)] {
      (inner_.*call)(request, done);
    });
  }

  Provider& inner_;
  Executor& threads_;
};

/// What `ask` is answered, on the caller's thread.
template <typename Answer, typename Ask>
Answer Wait(const Ask& ask) {
  auto answer = std::make_shared<std::promise<Answer>>();
  std::future<Answer> given = answer->get_future();
  ask([answer](Answer value) { answer->set_value(std::move(value)); });
  if (given.wait_for(std::chrono::seconds(120)) != std::future_status::ready)
    ADD_FAILURE() << "no answer within two minutes";
  return given.get();
}

class DaemonThreads : public ::testing::Test {
 protected:
  DaemonThreads()
      : catalog_(testing::SimKinds()), pool_(2), plugin_(2), disk_(std::make_unique<ThreadPool>(1)) {
    cloud_ = std::move(*SimProvider::Open({&journal_, &clock_, &catalog_}, WorldSettings{}));
    provider_ = std::make_unique<ElsewhereProvider>(cloud_.get(), &plugin_);
    SqliteOptions options;
    options.path = folder_.path() + "/tandem.db";
    options.work = [this](std::function<void()> job) { disk_->Run(std::move(job)); };
    options.post = [](std::function<void()> job) { job(); };
    store_ = std::move(*OpenSqliteStore(std::move(options)));
    EnginePorts ports;
    ports.store = store_.get();
    ports.clock = &clock_;
    ports.random = &random_;
    ports.executor = &pool_;
    ports.secrets = &secrets_;
    ports.catalog = &catalog_;
    ports.parallel = ParallelOn(2);
    ports.secret_key = "key";
    ports.provider = [this](const std::string& name) -> Provider* {
      return name.empty() ? nullptr : provider_.get();
    };
    engine_ = std::make_unique<Engine>(std::move(ports), EngineSettings{});
    turning_ = std::make_unique<EngineThread>(*engine_, clock_);
    EXPECT_TRUE(Wait<Status>([&](auto done) { engine_->Start(done); }).ok());
  }
  ~DaemonThreads() override {
    Wait<bool>([&](auto done) { engine_->Stop([done] { done(true); }); });
    turning_.reset();
    disk_->Drain();
    engine_.reset();
    store_.reset();
    disk_.reset();
  }

  /// `count` roles whose policy is `policy`, each in terms of the one before.
  static std::vector<std::shared_ptr<const SourceText>> Model(int count, const std::string& policy) {
    std::string text = testing::kHead;
    for (int i = 0; i < count; ++i) {
      const std::string name = "r" + std::to_string(i);
      text += "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: " + name + "}\nspec: {Policy: ";
      text += i % 10 == 0 ? policy
                          : "\"${ref('iam.sim/Role/r" + std::to_string(i - 1) + "').Policy}\"";
      text += "}\n---\n";
    }
    return {std::make_shared<SourceText>(SourceText{"model.yaml", text})};
  }
  PlanAnswer MakePlan(const std::vector<std::shared_ptr<const SourceText>>& model) {
    return Wait<PlanAnswer>([&](auto done) {
      PlanRequest request;
      request.sources = model;
      request.actor = "uid:1";
      engine_->MakePlan(std::move(request), done);
    });
  }
  std::string Start(const std::string& hash) {
    return Wait<StartAnswer>([&](auto done) {
             StartRequest request;
             request.hash = hash;
             request.actor = "uid:1";
             request.auto_approve = true;
             engine_->StartRun(std::move(request), done);
           })
        .run;
  }
  /// The state of `run` once it is over.
  std::optional<RunState> Ended(const std::string& run) {
    for (int i = 0; i < 12'000; ++i) {
      const std::shared_ptr<const Snapshot> snapshot = engine_->snapshot();
      for (const RunView& view : snapshot->runs)
        if (view.run.id == run && view.run.state != RunState::kOpen &&
            view.run.state != RunState::kStopping)
          return view.run.state;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return std::nullopt;
  }

  const TempFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  MemoryJournal journal_;
  testing::MapSecrets secrets_;
  testing::JsonCatalog catalog_;
  std::unique_ptr<SimProvider> cloud_;
  ThreadPool pool_;
  ThreadPool plugin_;
  std::unique_ptr<ThreadPool> disk_;
  std::unique_ptr<ElsewhereProvider> provider_;
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineThread> turning_;
};

}  // namespace tandem
