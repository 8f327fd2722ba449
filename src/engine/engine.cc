#include "tandem/engine/engine.h"

#include <utility>

#include "engine/core.h"

namespace tandem {
namespace {

Refusal RefusalOf(const Status& status) {
  return status.code() == Code::kUnavailable ? Refusal::kBusy : Refusal::kInternal;
}

}  // namespace

Engine::Engine(EnginePorts ports, EngineSettings settings)
    : core_(std::make_unique<Core>(std::move(ports), settings)) {}
Engine::~Engine() = default;

void Engine::Post(std::function<void()> work) { core_->context.inbox->Post(std::move(work)); }
bool Engine::RunOne() { return core_->RunOne(); }
std::optional<Time> Engine::NextDue() const { return core_->NextDue(); }
void Engine::OnWork(std::function<void()> wake) { core_->context.inbox->OnWork(std::move(wake)); }

void Engine::Start(std::function<void(Status)> done) {
  Post([this, done = std::move(done)] { core_->Start(done); });
}
void Engine::WhenReadable(std::function<void()> then) {
  Post([this, then = std::move(then)] { core_->WhenReadable(then); });
}
void Engine::WhenRead(std::function<void()> then) {
  Post([this, then = std::move(then)] { core_->WhenRead(then); });
}
void Engine::Stop(std::function<void()> done) {
  Post([this, done = std::move(done)] { core_->Stop(done); });
}

void Engine::MakePlan(PlanRequest request, std::function<void(PlanAnswer)> done) {
  auto held = std::make_shared<PlanRequest>(std::move(request));
  Post([this, held, done = std::move(done)] {
    // The look that every start begins is fresh for who asked before it.
    core_->WhenRead([this, held, done, asked = core_->observer.begun()] {
      if (const Status status = core_->Usable(); !status.ok()) {
        PlanAnswer answer;
        answer.refusal = RefusalOf(status);
        answer.message = status.message();
        done(std::move(answer));
        return;
      }
      core_->planner.MakePlan(std::move(*held), done, asked);
    });
  });
}

void Engine::StartRun(StartRequest request, std::function<void(StartAnswer)> done) {
  auto held = std::make_shared<StartRequest>(std::move(request));
  WhenRead([this, held, done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok())
      return done({RefusalOf(status), status.message(), false, ""});
    core_->starter.StartRun(std::move(*held), done);
  });
}

void Engine::Approve(std::string hash, std::string actor, std::function<void(StartAnswer)> done) {
  WhenRead([this, hash = std::move(hash), actor = std::move(actor), done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok())
      return done({RefusalOf(status), status.message(), false, ""});
    core_->starter.Approve(hash, actor, done);
  });
}

void Engine::Cancel(std::string run, std::string actor, std::function<void(Status)> done) {
  WhenRead([this, run = std::move(run), actor = std::move(actor), done = std::move(done)] {
    const Status status = core_->Usable();
    if (!status.ok()) return done(status);
    core_->Cancel(run, actor, done);
  });
}

void Engine::Unprotect(std::string address, std::string actor,
                       std::function<void(StartAnswer)> done) {
  WhenRead([this, address = std::move(address), actor = std::move(actor), done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok())
      return done({RefusalOf(status), status.message(), false, ""});
    core_->starter.Unprotect(core_->KeyOf(address), actor, done);
  });
}

void Engine::Pause(std::string address, std::string actor, std::function<void(Status)> done) {
  WhenRead([this, address = std::move(address), actor = std::move(actor), done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok()) return done(status);
    core_->SetPaused(address, true, actor, done);
  });
}

void Engine::Resume(std::string address, std::string actor, std::function<void(Status)> done) {
  WhenRead([this, address = std::move(address), actor = std::move(actor), done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok()) return done(status);
    core_->SetPaused(address, false, actor, done);
  });
}

void Engine::Refresh(std::string address, std::function<void(Status)> done) {
  WhenRead([this, address = std::move(address), done = std::move(done)] {
    if (const Status status = core_->Usable(); !status.ok()) return done(status);
    core_->Refresh(address, done);
  });
}

void Engine::GetPlan(std::string hash,
                     std::function<void(Result<std::shared_ptr<const Plan>>)> done) {
  WhenRead([this, hash = std::move(hash), done = std::move(done)] { core_->GetPlan(hash, done); });
}

void Engine::GetEvents(EventQuery query, std::function<void(Result<std::vector<Event>>)> done) {
  WhenRead([this, query = std::move(query), done = std::move(done)] { done(core_->EventsOf(query)); });
}

void Engine::GetHistory(size_t limit, std::function<void(Result<std::vector<Revision>>)> done) {
  WhenRead([this, limit, done = std::move(done)] { done(core_->History(limit)); });
}

void Engine::Why(std::string address, std::function<void(Result<std::string>)> done) {
  WhenRead([this, address = std::move(address), done = std::move(done)] { done(core_->Why(address)); });
}

std::shared_ptr<const Snapshot> Engine::snapshot() const { return core_->publisher.snapshot(); }

Result<int64_t> Engine::Watch(int64_t after, std::function<void(const Change&)> each) {
  return core_->publisher.Watch(after, std::move(each));
}
void Engine::Unwatch(int64_t id) { core_->publisher.Unwatch(id); }

std::vector<Engine::Metric> Engine::Metrics() const { return core_->Metrics(); }

}  // namespace tandem
