#include "provider_host/core.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "tandem/base/lock.h"
#include "tandem/base/log.h"
#include "tandem/provider_wire/handshake.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// For a process to end that has closed its output.
constexpr int kEndPatience = 500;  // milliseconds

milliseconds Until(steady_clock::time_point when) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(when - steady_clock::now()));
}

}  // namespace

PluginHost::Core::Core(PluginSettings settings, const Clock* clock)
    : settings_(std::move(settings)), clock_(clock), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  TANDEM_CHECK(wake_.valid());
}

PluginHost::Core::~Core() { TANDEM_CHECK(!thread_.joinable()); }

bool PluginHost::Core::stopping() const {
  Lock lock(mutex_);
  return stopping_;
}

int PluginHost::Core::pid() const {
  Lock lock(mutex_);
  return pid_;
}

int PluginHost::Core::starts() const {
  Lock lock(mutex_);
  return starts_;
}

void PluginHost::Core::Wake() {
  const uint64_t one = 1;
  // Full means that it is awake already.
  (void)!write(wake_.get(), &one, sizeof one);
}

milliseconds PluginHost::Core::Left(Time deadline) const {
  if (deadline == Time()) return settings_.call_patience;
  return std::chrono::floor<milliseconds>(deadline - clock_->Now());
}

void PluginHost::Core::Call(Begin begin) {
  CallError error;
  Connection* connection = nullptr;
  {
    Lock lock(mutex_);
    const auto unavailable = [&](std::string message) {
      error = MakeCallError(ErrorClass::kNotDone, "ProviderUnavailable",
                            "provider '" + settings_.name + "' " + std::move(message));
    };
    if (stopping_) {
      unavailable("is being stopped");
    } else if (waiting_.size() + contexts_.size() >= settings_.calls_most) {
      unavailable("has too many calls under way");
    } else if (state_ == State::kPausing) {
      unavailable(why_);
      error.retry_after = Until(retry_at_);
    } else if (state_ == State::kRunning) {
      connection = connection_;
      ++connection->uses;
    } else {
      if (state_ == State::kIdle) {
        state_ = State::kStarting;
        thread_ = std::thread([this] { Supervise(); });
      }
      waiting_.push_back(std::move(begin));
      return;
    }
  }
  begin(connection, error);
  if (connection == nullptr) return;
  Lock lock(mutex_);
  --connection->uses;
  quiet_.notify_all();
}

std::shared_ptr<grpc::ClientContext> PluginHost::Core::NewContext(Connection* connection, milliseconds patience) {
  auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + patience);
  bool cancel = false;
  {
    Lock lock(mutex_);
    contexts_.emplace(context, connection);
    ++connection->uses;
    cancel = stopping_;
  }
  if (cancel) context->TryCancel();
  return context;
}

void PluginHost::Core::EndCall(std::shared_ptr<grpc::ClientContext> context, const grpc::Status& status) {
  Connection* connection = nullptr;
  {
    Lock lock(mutex_);
    const auto found = contexts_.find(context);
    connection = found->second;
    contexts_.erase(found);
  }
  context.reset();  // and its hold on the channel
  bool suspect = false;
  {
    Lock lock(mutex_);
    --connection->uses;
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) suspect = suspect_ = true;
    // Under the lock: Stop may end this object's life as soon as it sees that all is quiet.
    quiet_.notify_all();
  }
  if (suspect) Wake();
}

void PluginHost::Core::CancelCalls() {
  std::vector<std::shared_ptr<grpc::ClientContext>> open;
  {
    Lock lock(mutex_);
    for (const auto& [context, connection] : contexts_) open.push_back(context);
  }
  for (const auto& context : open) context->TryCancel();
}

void PluginHost::Core::DropUnused() {
  std::vector<std::unique_ptr<Connection>> unused;
  Lock lock(mutex_);
  for (std::unique_ptr<Connection>& connection : connections_)
    if (connection.get() != connection_ && connection->uses == 0) unused.push_back(std::move(connection));
  std::erase(connections_, nullptr);
  lock.unlock();
}

Connection* PluginHost::Core::Running(std::unique_ptr<Connection> fresh, int pid) {
  std::deque<Begin> waiting;
  Connection* const connection = fresh.get();
  {
    Lock lock(mutex_);
    state_ = State::kRunning;
    connection_ = connection;
    connections_.push_back(std::move(fresh));
    pid_ = pid;
    suspect_ = hanging_ = probing_ = false;
    waiting.swap(waiting_);
  }
  for (Begin& begin : waiting) begin(connection, CallError());
  return connection;
}

void PluginHost::Core::Failed(const std::string& why, milliseconds pause) {
  std::deque<Begin> waiting;
  CallError error;
  {
    Lock lock(mutex_);
    state_ = State::kPausing;
    connection_ = nullptr;
    pid_ = 0;
    why_ = why;
    retry_at_ = steady_clock::now() + pause;
    waiting.swap(waiting_);
    error = MakeCallError(ErrorClass::kNotDone, "ProviderUnavailable",
                          "provider '" + settings_.name + "' " + why);
    error.retry_after = pause;
  }
  for (Begin& begin : waiting) begin(nullptr, error);
  CancelCalls();
}

bool PluginHost::Core::Wait(PluginProcess* process, milliseconds most) {
  pollfd ends[4] = {{wake_.get(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};
  if (process != nullptr) {
    ends[1].fd = process->ended();
    ends[2].fd = process->errors();
    ends[3].fd = process->output();
  }
  const int64_t wait = std::clamp<int64_t>(most.count(), 0, 60'000);
  (void)poll(ends, 4, static_cast<int>(wait));
  uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
  return !stopping();
}

Status PluginHost::Core::AwaitGreeting(PluginProcess& process) {
  const auto until = steady_clock::now() + settings_.start_patience;
  std::string said;
  for (;;) {
    const bool closed = process.DrainOutput(&said);
    process.DrainErrors();
    const size_t end = said.find('\n');
    if (end != std::string::npos) {
      Result<PluginGreeting> greeting =
          PluginGreeting::FromLine(std::string_view(said).substr(0, end));
      if (!greeting.ok()) return greeting.status();
      if (greeting->protocol < kProtocolLowest || greeting->protocol > kProtocolHighest) {
        return FailedPrecondition("it speaks protocol " + std::to_string(greeting->protocol));
      }
      if (greeting->socket != process.socket()) {
        return FailedPrecondition("it listens elsewhere than it was told");
      }
      return OkStatus();
    }
    if (const auto ended = process.Reap()) {
      process.DrainErrors();
      return Unavailable("it ended with " + *ended);
    }
    if (closed) {
      // A process that ends closes its output a moment before, and how it ended says more.
      pollfd ended = {process.ended(), POLLIN, 0};
      (void)poll(&ended, 1, kEndPatience);
      process.DrainErrors();
      const auto how = process.Reap();
      return Unavailable(how ? "it ended with " + *how : "it closed its output without a greeting");
    }
    if (said.size() >= (1 << 16)) return DataLoss("its greeting has no end");
    if (steady_clock::now() >= until) {
      return DeadlineExceeded("no greeting within " +
                              FormatDuration(Duration(settings_.start_patience)));
    }
    if (!Wait(&process, Until(until))) return Cancelled("the host stops");
  }
}

Result<std::unique_ptr<PluginProcess>> PluginHost::Core::Start(
    std::unique_ptr<Connection>* connection) {
  const std::string path = settings_.state_dir + "/plugins/" + settings_.name + ".lock";
  TANDEM_ASSIGN_OR_RETURN(
      Descriptor lock, TakePluginLock(path, settings_.lock_patience,
                                      [this](milliseconds most) { return Wait(nullptr, most); }));
  RemoveRecordedFolder(lock);
  {
    Lock held(mutex_);
    ++starts_;
  }
  TANDEM_ASSIGN_OR_RETURN(
      std::unique_ptr<PluginProcess> process,
      PluginProcess::Spawn(settings_.name, settings_.program, settings_.arguments,
                           settings_.environment, std::move(lock)));
  Status greeted = AwaitGreeting(*process);
  if (greeted.ok()) {
    auto fresh = std::make_unique<Connection>();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(kWireBytes + kWireSlack));
    arguments.SetMaxSendMessageSize(static_cast<int>(kWireBytes + kWireSlack));
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    fresh->channel = grpc::CreateCustomChannel("unix:" + process->socket(),
                                               grpc::InsecureChannelCredentials(), arguments);
    fresh->stub = v1::Provider::NewStub(fresh->channel);
    if (fresh->channel->WaitForConnected(std::chrono::system_clock::now() +
                                         settings_.start_patience)) {
      *connection = std::move(fresh);
      return process;
    }
    greeted = Unavailable("it does not answer on its socket");
  }
  // The tail says more than the code does.
  process->Signal(SIGKILL);
  process->DrainErrors();
  const std::string tail = process->Tail();
  return Status(greeted.code(), greeted.message() + (tail.empty() ? "" : ": " + tail));
}

void PluginHost::Core::Probe(Connection* connection) {
  struct Call {
    std::shared_ptr<grpc::ClientContext> context;
    v1::DescribeRequest request;
    v1::DescribeReply reply;
  };
  auto call = std::make_shared<Call>();
  call->context = NewContext(connection, settings_.probe_patience);
  connection->stub->async()->Describe(
      call->context.get(), &call->request, &call->reply,
      [self = shared_from_this(), call, connection](const grpc::Status& status) {
        {
          Lock lock(self->mutex_);
          if (self->connection_ == connection) {
            self->probing_ = false;
            self->hanging_ = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
          }
        }
        self->Wake();
        self->EndCall(std::move(call->context), grpc::Status::OK);  // its deadline raises no other suspicion
      });
}

std::string PluginHost::Core::Watch(PluginProcess& process,
                                    Connection* connection) {
  auto sample_at = steady_clock::now() + settings_.memory_period;
  for (;;) {
    std::string ignored;
    if (process.output() >= 0 && process.DrainOutput(&ignored)) process.CloseOutput();
    process.DrainErrors();
    if (const auto ended = process.Reap()) {
      process.DrainErrors();
      return "ended with " + *ended;
    }
    bool probe = false, hanging = false;
    {
      Lock lock(mutex_);
      probe = suspect_ && !probing_ && !hanging_;
      if (probe) {
        suspect_ = false;
        probing_ = true;
      }
      hanging = hanging_;
    }
    if (hanging) {
      process.Signal(SIGKILL);
      return "was killed: it no longer answers";
    }
    if (probe) Probe(connection);
    if (steady_clock::now() >= sample_at) {
      sample_at = steady_clock::now() + settings_.memory_period;
      const uint64_t resident = ResidentBytes(process.pid());
      if (resident > settings_.memory_most) {
        process.Signal(SIGKILL);
        return "was killed: it held " + std::to_string(resident >> 20) + " MiB, more than " +
               std::to_string(settings_.memory_most >> 20);
      }
    }
    if (!Wait(&process, Until(sample_at))) return "is being stopped";
  }
}

void PluginHost::Core::End(PluginProcess& process) {
  milliseconds third{0};
  {
    Lock lock(mutex_);
    third = stop_patience_ / 3;
  }
  process.ClosePipe();
  for (const int signal : {SIGTERM, SIGKILL, 0}) {
    const auto until = steady_clock::now() + third;
    while (!process.Reap()) {
      std::string ignored;
      if (process.output() >= 0 && process.DrainOutput(&ignored)) process.CloseOutput();
      process.DrainErrors();
      const milliseconds left = Until(until);
      if (left.count() == 0) break;
      Wait(&process, left);
    }
    if (process.Reap() || signal == 0) break;
    process.Signal(signal);
  }
  process.DrainErrors();
}

void PluginHost::Core::Supervise() {
  milliseconds backoff = settings_.backoff_first;
  while (!stopping()) {
    std::string why;
    const auto begin = steady_clock::now();
    DropUnused();
    std::unique_ptr<Connection> connection;
    Result<std::unique_ptr<PluginProcess>> started = Start(&connection);
    if (started.ok()) {
      std::unique_ptr<PluginProcess> process = std::move(*started);
      why = Watch(*process, Running(std::move(connection), process->pid()));
      if (stopping()) {
        End(*process);
      } else {
        const std::string tail = process->Tail();
        if (!tail.empty()) why += ": " + tail;
      }
      // One that ran for long is not in a loop of crashes.
      if (steady_clock::now() - begin > settings_.backoff_most) backoff = settings_.backoff_first;
    } else {
      why = "did not start: " + started.status().message();
    }
    if (stopping()) break;
    Log(LogLevel::kWarning, "provider is down", {{"provider", settings_.name}, {"why", why}});
    Failed(why, backoff);
    const auto until = steady_clock::now() + backoff;
    while (Until(until).count() > 0 && Wait(nullptr, Until(until))) {
    }
    backoff = std::min(backoff * 2, settings_.backoff_most);
    Lock lock(mutex_);
    state_ = State::kStarting;
  }
  Failed("is being stopped", milliseconds(0));
}

void PluginHost::Core::Stop(milliseconds patience) {
  {
    Lock lock(mutex_);
    if (!stopping_) stop_patience_ = patience;
    stopping_ = true;
  }
  Wake();
  CancelCalls();
  {
    // Held over a wait for a thread that takes mutex_: no Lock.
    std::lock_guard<std::mutex> lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }
  CancelCalls();
  {
    Lock lock(mutex_);
    state_ = State::kStopped;
    quiet_.wait(lock, [this] {
      return std::all_of(connections_.begin(), connections_.end(),
                         [](const auto& connection) { return connection->uses == 0; });
    });
  }
  DropUnused();
}

}  // namespace tandem
