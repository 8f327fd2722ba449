// Changes as they happen, to whoever watches.
#include "api/watch.h"

#include <utility>

#include "api/reactors.h"
#include "api/service.h"
#include "tandem/api_wire/convert.h"
#include "tandem/base/lock.h"
#include "tandem/base/synchronized.h"

namespace tandem {

using grpc::ByteBuffer;

/// One watcher. The engine calls `Push` in its turns; gRPC calls the rest from its own threads.
class WatchCall final : public grpc::ServerWriteReactor<ByteBuffer>,
                        public std::enable_shared_from_this<WatchCall> {
 public:
  WatchCall(Engine* engine, std::shared_ptr<WatchHub> hub, std::string run, size_t buffer,
            std::atomic<size_t>* count)
      : engine_(engine), hub_(std::move(hub)), run_(std::move(run)), buffer_(buffer), count_(count) {
    ++*count_;
  }
  ~WatchCall() override { --*count_; }

  /// `self` keeps the call alive until gRPC is done with it and the engine has let it go.
  void Start(std::shared_ptr<WatchCall> self, int64_t after) {
    self_ = self;
    StartSendInitialMetadata();  // the caller may wait to hear that it is watching
    const Result<int64_t> id =
        engine_->Watch(after, [self](const Change& change) { self->Push(change); });
    if (!id.ok()) {
      End(ToGrpc(id.status()));
      return;
    }
    const bool ended = state_.With([&](State& state) {
      state.id = *id;
      return state.done;
    });
    if (ended) engine_->Unwatch(*id);
  }

  void OnWriteDone(bool ok) override {
    const Action action = state_.With([&](State& state) {
      state.writing = false;
      if (!ok && !state.ending.has_value())
        state.ending = grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone");
      return Choose(state);
    });
    Do(action);
  }

  /// From the hub's thread: the engine's has better to do than to write.
  void Begin() {
    const Action action = state_.With([&](State& state) {
      state.ready = false;
      return Choose(state);
    });
    Do(action);
  }

  void OnCancel() override { End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone")); }

  void OnDone() override {
    const int64_t id = state_.With([](State& state) {
      state.done = true;
      return state.id;
    });
    if (id >= 0) engine_->Unwatch(id);
    self_.reset();
  }

 private:
  struct State {
    std::deque<ByteBuffer> waiting;
    bool ready = false;  // the hub knows
    std::optional<grpc::Status> ending;
    bool writing = false;
    bool finished = false;
    bool done = false;
    int64_t id = -1;
  };
  enum class Action { kNone, kWrite, kFinish };

  Action Choose(State& state) {
    if (state.writing || state.finished) return Action::kNone;
    if (state.ending.has_value()) {
      state.finished = true;
      return Action::kFinish;
    }
    if (state.waiting.empty()) return Action::kNone;
    current_ = std::move(state.waiting.front());
    state.waiting.pop_front();
    state.writing = true;
    return Action::kWrite;
  }

  void Do(Action action) {
    if (action == Action::kWrite) StartWrite(&current_);
    if (action == Action::kFinish)
      Finish(state_.With([](State& state) { return *state.ending; }));
  }

  void Push(const Change& change) {
    if (!run_.empty()) {
      const bool ours = (change.step != nullptr && change.step->run == run_) ||
                        (change.run != nullptr && change.run->id == run_) ||
                        (change.event != nullptr && change.event->run == run_);
      if (!ours) return;
    }
    const bool tell = state_.With([&](State& state) {
      if (state.finished || state.ending.has_value()) return false;
      if (state.waiting.size() >= buffer_) {
        state.ending = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                    "this watcher is too slow; resume after the last sequence");
      } else {
        state.waiting.push_back(hub_->Encode(change, *engine_));
      }
      return !state.writing && !std::exchange(state.ready, true);
    });
    if (tell) hub_->Ready(shared_from_this());
  }

  void End(grpc::Status status) {
    const Action action = state_.With([&](State& state) {
      if (!state.ending.has_value()) state.ending = std::move(status);
      return Choose(state);
    });
    Do(action);
  }

  Engine* engine_;
  const std::shared_ptr<WatchHub> hub_;
  const std::string run_;
  const size_t buffer_;
  std::atomic<size_t>* count_;
  std::shared_ptr<WatchCall> self_;
  Synchronized<State> state_;
  ByteBuffer current_;
};

namespace {
constexpr size_t kEncoded = 1024;  // changes that are kept for watchers yet to come to them
}  // namespace

WatchHub::WatchHub() : thread_([this] { Loop(); }) {}

WatchHub::~WatchHub() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

ByteBuffer WatchHub::Encode(const Change& change, const Engine& engine) {
  const auto known = encoded_.find(change.sequence);
  if (known != encoded_.end()) return known->second;
  reply_.Clear();
  ToWire(change, *engine.snapshot(), &reply_);
  const grpc::Slice bytes(reply_.SerializeAsString());
  const ByteBuffer encoded(&bytes, 1);
  encoded_.emplace(change.sequence, encoded);
  if (encoded_.size() > kEncoded) encoded_.erase(encoded_.begin());
  return encoded;
}

void WatchHub::Ready(std::shared_ptr<WatchCall> call) {
  {
    Lock lock(mutex_);
    ready_.push_back(std::move(call));
  }
  wake_.notify_one();
}

void WatchHub::Loop() {
  Lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !ready_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<WatchCall> call = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    call->Begin();
    lock.lock();
  }
}

grpc::ServerWriteReactor<ByteBuffer>* Service::Watch(Context* context, const ByteBuffer* bytes) {
  using Refusal = Refused<grpc::ServerWriteReactor<ByteBuffer>>;
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return new Refusal(std::move(status));
  api::v1::WatchRequest request;
  if (grpc::Status status = Parse(*bytes, &request); !status.ok()) return new Refusal(std::move(status));
  if (draining_ || watchers_ >= options_.watchers)
    return new Refusal(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers"));
  // What is read at a start is no change, and comes by the thousand.
  if (!options_.engine->snapshot()->readable)
    return new Refusal(grpc::Status(grpc::StatusCode::UNAVAILABLE, "tandemd is starting: try again"));
  auto call = std::make_shared<WatchCall>(options_.engine, hub_, request.run(),
                                          options_.watch_buffer, &watchers_);
  const int64_t after =
      request.from_now() ? options_.engine->snapshot()->sequence : request.after();
  call->Start(call, after);
  return call.get();
}

}  // namespace tandem
