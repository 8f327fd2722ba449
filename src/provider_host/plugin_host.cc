// The provider port as calls over the wire.
#include "tandem/provider_host/plugin_host.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <utility>

#include "provider_host/batches.h"
#include "provider_host/core.h"
#include "tandem/base/synchronized.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;
using std::chrono::milliseconds;

namespace {

template <typename Request, typename Reply>
struct Unary {
  std::shared_ptr<grpc::ClientContext> context;
  Request request;
  Reply reply;
};

}  // namespace

// Reactors delete themselves in OnDone, after which nothing of the call is left but its answer.

template <typename Reply, typename Join, typename Answer>
class StreamCall : public grpc::ClientReadReactor<Reply> {
 public:
  template <typename Core, typename Request, typename Method>
  static void Start(std::shared_ptr<Core> core, Connection* connection,
                    Request request, Method method, Done<Answer> done) {
    auto* call = new StreamCall();
    call->context_ = core->NewContext(connection, core->settings().call_patience);
    call->done_ = std::move(done);
    call->end_ = [core](std::shared_ptr<grpc::ClientContext> context,
                        const grpc::Status& status) { core->EndCall(std::move(context), status); };
    call->keep_ = std::make_shared<Request>(std::move(request));
    method(connection->stub->async(), call->context_.get(),
           static_cast<const Request*>(call->keep_.get()), call);
    call->StartRead(&call->message_);
    call->StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (malformed_.ok()) {
      malformed_ = join_.Add(message_);
      if (!malformed_.ok()) context_->TryCancel();
    }
    this->StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    Answer answer;
    if (!malformed_.ok()) {
      answer.error = MalformedAnswer(ErrorClass::kNotDone, malformed_);
    } else if (!status.ok()) {
      answer.error = CallFailed(ErrorClass::kNotDone, status);
    } else if (Result<Answer> joined = join_.Take(); joined.ok()) {
      answer = std::move(*joined);
    } else {
      answer.error = MalformedAnswer(ErrorClass::kNotDone, joined.status());
    }
    done_(std::move(answer));
    end_(std::move(context_), status);
    delete this;
  }

 private:
  std::shared_ptr<grpc::ClientContext> context_;
  std::shared_ptr<void> keep_;
  Reply message_;
  Join join_;
  Status malformed_;
  Done<Answer> done_;
  std::function<void(std::shared_ptr<grpc::ClientContext>, const grpc::Status&)> end_;
};

/// What waits for the next Flush, in the order of asking.
struct PluginHost::Held {
  struct Requests {
    std::vector<AskedApply> applies;
    std::map<std::pair<std::string, KindName>, std::vector<AskedRead>> reads;
    std::map<std::pair<std::string, KindName>, std::vector<AskedPoll>> polls;
    std::map<std::string, std::vector<AskedMeasure>> measures;
  };
  Synchronized<Requests> requests;
  std::atomic<size_t> count{0};
};

namespace {

/// The other side does no more than this many calls of one batch at once.
constexpr size_t kBatch = 64;

template <typename T, typename F>
void ForEachBatch(std::vector<T> all, const F& send) {
  for (size_t begin = 0; begin < all.size(); begin += kBatch) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), begin + kBatch));
    send(std::vector<T>(std::make_move_iterator(first), std::make_move_iterator(last)));
  }
}

template <typename Answer, typename Core, typename T, typename Start>
void SendLooks(const std::shared_ptr<Core>& core, std::vector<T> batch, const Start& start) {
  auto held = std::make_shared<std::vector<T>>(std::move(batch));
  core->Call([core, held, start](Connection* connection, const CallError& error) {
    if (error.ok) {
      start(connection, core->NewContext(connection, core->settings().call_patience),
            std::move(*held),
            [core](std::shared_ptr<grpc::ClientContext> context,
                   const grpc::Status& status) { core->EndCall(std::move(context), status); });
      return;
    }
    for (T& each : *held) {
      Answer answer;
      answer.error = error;
      each.done(std::move(answer));
    }
  });
}

template <typename Core>
void SendApplies(const std::shared_ptr<Core>& core, std::vector<AskedApply> batch) {
  // std::function wants a copyable closure.
  auto held = std::make_shared<std::vector<AskedApply>>(std::move(batch));
  core->Call([core, held](Connection* connection, const CallError& error) {
    std::vector<AskedApply> due;
    milliseconds patience(0);
    for (AskedApply& each : *held) {
      const milliseconds left = core->Left(each.request.deadline);
      if (error.ok && left > milliseconds(0)) {
        patience = std::max(patience, left);
        // The plugin goes by the machine's clock, which somebody may have set since.
        if (each.request.deadline != Time()) each.request.deadline = SystemClock().Now() + left;
        due.push_back(std::move(each));
        continue;
      }
      ApplyAnswer answer;
      answer.error = error.ok ? MakeCallError(ErrorClass::kNotDone, "DeadlineExceeded",
                                              "the deadline had passed before the call")
                              : error;
      each.done(std::move(answer));
    }
    if (due.empty()) return;
    ApplyBatch::Start(connection, core->NewContext(connection, patience), std::move(due),
                      [core](std::shared_ptr<grpc::ClientContext> context,
                             const grpc::Status& status) { core->EndCall(std::move(context), status); });
  });
}

}  // namespace

PluginHost::PluginHost(PluginSettings settings, const Clock* clock)
    : core_(std::make_shared<Core>(std::move(settings), clock)), held_(std::make_unique<Held>()) {}

PluginHost::~PluginHost() { Stop(milliseconds(1'000)); }

void PluginHost::Stop(milliseconds patience) {
  core_->Stop(patience);
  Flush();  // what was held back is refused
}
int PluginHost::pid() const { return core_->pid(); }
int PluginHost::starts() const { return core_->starts(); }

void PluginHost::Describe(Done<Result<ProviderDescription>> done) {
  core_->Call([core = core_, done = std::move(done)](Connection* connection,
                                                     const CallError& error) {
    if (!error.ok) {
      done(Unavailable(error.message));
      return;
    }
    auto call = std::make_shared<Unary<v1::DescribeRequest, v1::DescribeReply>>();
    call->context = core->NewContext(connection, core->settings().call_patience);
    connection->stub->async()->Describe(
        call->context.get(), &call->request, &call->reply,
        [core, call, done](const grpc::Status& status) {
          if (status.ok()) {
            done(FromWire(call->reply));
          } else {
            done(Status(static_cast<Code>(status.error_code()), status.error_message()));
          }
          core->EndCall(std::move(call->context), status);
        });
  });
}

void PluginHost::Open(AccountRequest request, Done<AccountAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  Connection* connection, const CallError& error) {
    AccountAnswer answer;
    if (!error.ok) {
      answer.error = error;
      done(std::move(answer));
      return;
    }
    auto call = std::make_shared<Unary<v1::OpenRequest, v1::OpenReply>>();
    ToWire(request, &call->request);
    call->context = core->NewContext(connection, core->settings().call_patience);
    connection->stub->async()->Open(
        call->context.get(), &call->request, &call->reply,
        [core, call, done](const grpc::Status& status) {
          AccountAnswer given;
          if (!status.ok()) {
            given.error = CallFailed(ErrorClass::kNotDone, status);
          } else if (Result<AccountAnswer> read = FromWire(call->reply); read.ok()) {
            given = std::move(*read);
          } else {
            given.error = MalformedAnswer(ErrorClass::kNotDone, read.status());
          }
          done(std::move(given));
          core->EndCall(std::move(call->context), status);
        });
  });
}

void PluginHost::List(ListRequest request, Done<ListAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  Connection* connection, const CallError& error) {
    if (!error.ok) {
      ListAnswer answer;
      answer.error = error;
      done(std::move(answer));
      return;
    }
    v1::ListRequest wire;
    ToWire(request, &wire);
    StreamCall<v1::ListReply, ListJoin, ListAnswer>::Start(
        core, connection, std::move(wire),
        [](auto* stub, auto* context, auto* sent, auto* call) { stub->List(context, sent, call); },
        done);
  });
}

void PluginHost::Read(ReadRequest request, Done<ReadAnswer> done) {
  const std::pair key(request.account, request.kind);
  held_->requests.With([&](auto& requests) {
    requests.reads[key].push_back({std::move(request), std::move(done)});
  });
  ++held_->count;
  if (!core_->settings().hold) Flush();
}

void PluginHost::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  held_->requests.With([&](auto& requests) {
    requests.applies.push_back({std::move(request), std::move(done)});
  });
  ++held_->count;
  if (!core_->settings().hold) Flush();
}

void PluginHost::Poll(PollRequest request, Done<PollAnswer> done) {
  const std::pair key(request.account, request.kind);
  held_->requests.With([&](auto& requests) {
    requests.polls[key].push_back({std::move(request), std::move(done)});
  });
  ++held_->count;
  if (!core_->settings().hold) Flush();
}

void PluginHost::Measure(MeasureRequest request, Done<MeasureAnswer> done) {
  const std::string account = request.account;
  held_->requests.With([&](auto& requests) {
    requests.measures[account].push_back({std::move(request), std::move(done)});
  });
  ++held_->count;
  if (!core_->settings().hold) Flush();
}

size_t PluginHost::held() const { return held_->count; }

void PluginHost::Flush() {
  held_->count = 0;
  Held::Requests requests =
      held_->requests.With([](auto& waiting) { return std::exchange(waiting, {}); });
  ForEachBatch(std::move(requests.applies),
               [this](std::vector<AskedApply> batch) { SendApplies(core_, std::move(batch)); });
  for (auto& [key, reads] : requests.reads)
    ForEachBatch(std::move(reads), [this](std::vector<AskedRead> batch) {
      SendLooks<ReadAnswer>(core_, std::move(batch), ReadBatch::Start);
    });
  for (auto& [key, polls] : requests.polls)
    ForEachBatch(std::move(polls), [this](std::vector<AskedPoll> batch) {
      SendLooks<PollAnswer>(core_, std::move(batch), StartPolls);
    });
  for (auto& [account, measures] : requests.measures)
    ForEachBatch(std::move(measures), [this](std::vector<AskedMeasure> batch) {
      SendLooks<MeasureAnswer>(core_, std::move(batch), StartMeasures);
    });
}

void PluginHost::Close(std::string account) {
  core_->Call([core = core_, account = std::move(account)](Connection* connection,
                                                           const CallError& error) {
    if (!error.ok) return;
    auto call = std::make_shared<Unary<v1::CloseRequest, v1::CloseReply>>();
    call->request.set_account(account);
    call->context = core->NewContext(connection, core->settings().call_patience);
    connection->stub->async()->Close(
        call->context.get(), &call->request, &call->reply,
        [core, call](const grpc::Status& status) { core->EndCall(std::move(call->context), status); });
  });
}

}  // namespace tandem
