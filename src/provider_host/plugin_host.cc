// The provider port as calls over the wire.
#include "tandem/provider_host/plugin_host.h"

#include <utility>

#include "provider_host/core.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;
using std::chrono::milliseconds;

namespace {

CallError CallFailed(CallErrorClass error_class, const grpc::Status& status) {
  const bool late = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return MakeCallError(error_class, late ? "ProviderDeadline" : "ProviderFailed",
                       "the provider's answer: " + status.error_message());
}

CallError Malformed(CallErrorClass error_class, const Status& status) {
  return MakeCallError(error_class, "ProviderAnswerMalformed", status.message());
}

template <typename Request, typename Reply>
struct Unary {
  std::shared_ptr<Connection> connection;
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
  static void Start(std::shared_ptr<Core> core, std::shared_ptr<Connection> connection,
                    Request request, Method method, Done<Answer> done) {
    auto* call = new StreamCall();
    call->connection_ = std::move(connection);
    call->context_ = core->NewContext(core->settings().call_patience);
    call->done_ = std::move(done);
    call->end_ = [core](const std::shared_ptr<grpc::ClientContext>& context,
                        const grpc::Status& status) { core->EndCall(context, status); };
    call->keep_ = std::make_shared<Request>(std::move(request));
    method(call->connection_->stub->async(), call->context_.get(),
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
      answer.error = Malformed(CallErrorClass::kNotDone, malformed_);
    } else if (!status.ok()) {
      answer.error = CallFailed(CallErrorClass::kNotDone, status);
    } else if (Result<Answer> joined = join_.Take(); joined.ok()) {
      answer = std::move(*joined);
    } else {
      answer.error = Malformed(CallErrorClass::kNotDone, joined.status());
    }
    done_(std::move(answer));
    end_(context_, status);
    delete this;
  }

 private:
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<grpc::ClientContext> context_;
  std::shared_ptr<void> keep_;
  Reply message_;
  Join join_;
  Status malformed_;
  Done<Answer> done_;
  std::function<void(const std::shared_ptr<grpc::ClientContext>&, const grpc::Status&)> end_;
};

class ApplyCall final : public grpc::ClientBidiReactor<v1::ApplyRequest, v1::ApplyReply> {
 public:
  using End = std::function<void(const std::shared_ptr<grpc::ClientContext>&, const grpc::Status&)>;

  ApplyCall(std::shared_ptr<Connection> connection, std::shared_ptr<grpc::ClientContext> context,
            const ApplyRequest& request, Done<ApplyAnswer> done, End end)
      : connection_(std::move(connection)),
        context_(std::move(context)),
        intent_(request.intent),
        requests_(Split(request)),
        done_(std::move(done)),
        end_(std::move(end)) {}

  void Start() {
    connection_->stub->async()->Apply(context_.get(), this);
    WriteNext();
    StartRead(&message_);
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    if (ok && next_ < requests_.size()) WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (malformed_.ok()) {
      malformed_ = answered_ ? DataLoss("more than one answer to one call") : join_.Add(message_);
      if (malformed_.ok() && join_.done()) {
        answered_ = true;
        if (join_.intent() != intent_) malformed_ = DataLoss("the answer is to another call");
      }
      if (!malformed_.ok()) context_->TryCancel();
    }
    StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    ApplyAnswer answer;
    // Whatever went wrong here, the call may have reached the vendor (R10).
    if (!malformed_.ok()) {
      answer.error = Malformed(CallErrorClass::kPerhapsDone, malformed_);
    } else if (!answered_) {
      answer.error = status.ok() ? Malformed(CallErrorClass::kPerhapsDone,
                                             DataLoss("the stream ended without an answer"))
                                 : CallFailed(CallErrorClass::kPerhapsDone, status);
    } else if (Result<ApplyAnswer> joined = join_.Take(); joined.ok()) {
      answer = std::move(*joined);
    } else {
      answer.error = Malformed(CallErrorClass::kPerhapsDone, joined.status());
    }
    done_(std::move(answer));
    end_(context_, status);
    delete this;
  }

 private:
  void WriteNext() {
    const v1::ApplyRequest& part = requests_[next_++];
    if (next_ == requests_.size()) {
      StartWriteLast(&part, grpc::WriteOptions());
    } else {
      StartWrite(&part);
    }
  }

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<grpc::ClientContext> context_;
  std::string intent_;
  std::vector<v1::ApplyRequest> requests_;
  size_t next_ = 0;
  v1::ApplyReply message_;
  ApplyReplyJoin join_;
  bool answered_ = false;
  Status malformed_;
  Done<ApplyAnswer> done_;
  End end_;
};

PluginHost::PluginHost(PluginSettings settings, const Clock* clock)
    : core_(std::make_shared<Core>(std::move(settings), clock)) {}

PluginHost::~PluginHost() { Stop(milliseconds(1'000)); }

void PluginHost::Stop(milliseconds patience) { core_->Stop(patience); }
int PluginHost::pid() const { return core_->pid(); }
int PluginHost::starts() const { return core_->starts(); }

void PluginHost::Describe(Done<Result<ProviderDescription>> done) {
  core_->Call([core = core_, done = std::move(done)](std::shared_ptr<Connection> connection,
                                                     const CallError& error) {
    if (!error.ok) {
      done(Unavailable(error.message));
      return;
    }
    auto call = std::make_shared<Unary<v1::DescribeRequest, v1::DescribeReply>>();
    call->connection = std::move(connection);
    call->context = core->NewContext(core->settings().call_patience);
    call->connection->stub->async()->Describe(
        call->context.get(), &call->request, &call->reply,
        [core, call, done](const grpc::Status& status) {
          if (status.ok()) {
            done(FromWire(call->reply));
          } else {
            done(Status(static_cast<Code>(status.error_code()), status.error_message()));
          }
          core->EndCall(call->context, status);
        });
  });
}

void PluginHost::Open(AccountRequest request, Done<AccountAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  std::shared_ptr<Connection> connection, const CallError& error) {
    AccountAnswer answer;
    if (!error.ok) {
      answer.error = error;
      done(std::move(answer));
      return;
    }
    auto call = std::make_shared<Unary<v1::OpenRequest, v1::OpenReply>>();
    ToWire(request, &call->request);
    call->connection = std::move(connection);
    call->context = core->NewContext(core->settings().call_patience);
    call->connection->stub->async()->Open(
        call->context.get(), &call->request, &call->reply,
        [core, call, done](const grpc::Status& status) {
          AccountAnswer given;
          if (!status.ok()) {
            given.error = CallFailed(CallErrorClass::kNotDone, status);
          } else if (Result<AccountAnswer> read = FromWire(call->reply); read.ok()) {
            given = std::move(*read);
          } else {
            given.error = Malformed(CallErrorClass::kNotDone, read.status());
          }
          done(std::move(given));
          core->EndCall(call->context, status);
        });
  });
}

void PluginHost::List(ListRequest request, Done<ListAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  std::shared_ptr<Connection> connection, const CallError& error) {
    if (!error.ok) {
      ListAnswer answer;
      answer.error = error;
      done(std::move(answer));
      return;
    }
    v1::ListRequest wire;
    ToWire(request, &wire);
    StreamCall<v1::ListReply, ListJoin, ListAnswer>::Start(
        core, std::move(connection), std::move(wire),
        [](auto* stub, auto* context, auto* sent, auto* call) { stub->List(context, sent, call); },
        done);
  });
}

void PluginHost::Read(ReadRequest request, Done<ReadAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  std::shared_ptr<Connection> connection, const CallError& error) {
    if (!error.ok) {
      ReadAnswer answer;
      answer.error = error;
      done(std::move(answer));
      return;
    }
    v1::ReadRequest wire;
    wire.set_account(request.account);
    wire.mutable_kind()->set_group(request.kind.group);
    wire.mutable_kind()->set_kind(request.kind.kind);
    wire.add_identities(request.identity);
    StreamCall<v1::ReadReply, ReadJoin, ReadAnswer>::Start(
        core, std::move(connection), std::move(wire),
        [](auto* stub, auto* context, auto* sent, auto* call) { stub->Read(context, sent, call); },
        done);
  });
}

void PluginHost::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  std::shared_ptr<Connection> connection, const CallError& error) {
    ApplyAnswer answer;
    if (!error.ok) {
      answer.error = error;
      done(std::move(answer));
      return;
    }
    const milliseconds left = core->Left(request.deadline);
    if (left <= milliseconds(0)) {
      answer.error = MakeCallError(CallErrorClass::kNotDone, "DeadlineExceeded",
                                   "the deadline had passed before the call");
      done(std::move(answer));
      return;
    }
    auto* call =
        new ApplyCall(std::move(connection), core->NewContext(left), request, done,
                      [core](const std::shared_ptr<grpc::ClientContext>& context,
                             const grpc::Status& status) { core->EndCall(context, status); });
    call->Start();
  });
}

void PluginHost::Poll(PollRequest request, Done<PollAnswer> done) {
  core_->Call([core = core_, request = std::move(request), done = std::move(done)](
                  std::shared_ptr<Connection> connection, const CallError& error) {
    PollAnswer answer;
    if (!error.ok) {
      answer.error = error;
      done(std::move(answer));
      return;
    }
    auto call = std::make_shared<Unary<v1::PollRequest, v1::PollReply>>();
    call->request.set_account(request.account);
    call->request.mutable_kind()->set_group(request.kind.group);
    call->request.mutable_kind()->set_kind(request.kind.kind);
    call->request.add_handles(request.handle);
    call->connection = std::move(connection);
    call->context = core->NewContext(core->settings().call_patience);
    call->connection->stub->async()->Poll(
        call->context.get(), &call->request, &call->reply,
        [core, call, done](const grpc::Status& status) {
          PollAnswer given;
          if (!status.ok()) {
            given.error = CallFailed(CallErrorClass::kNotDone, status);
          } else if (call->reply.answers_size() != 1) {
            given.error =
                Malformed(CallErrorClass::kNotDone, DataLoss("not one answer to one handle"));
          } else if (Result<PollAnswer> read = FromWire(call->reply.answers(0)); read.ok()) {
            given = std::move(*read);
          } else {
            given.error = Malformed(CallErrorClass::kNotDone, read.status());
          }
          done(std::move(given));
          core->EndCall(call->context, status);
        });
  });
}

void PluginHost::Close(std::string account) {
  core_->Call([core = core_, account = std::move(account)](std::shared_ptr<Connection> connection,
                                                           const CallError& error) {
    if (!error.ok) return;
    auto call = std::make_shared<Unary<v1::CloseRequest, v1::CloseReply>>();
    call->request.set_account(account);
    call->connection = std::move(connection);
    call->context = core->NewContext(core->settings().call_patience);
    call->connection->stub->async()->Close(
        call->context.get(), &call->request, &call->reply,
        [core, call](const grpc::Status& status) { core->EndCall(call->context, status); });
  });
}

}  // namespace tandem
