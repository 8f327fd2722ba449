#include "sdk/service.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "sdk/reply_stream.h"
#include "tandem/base/lock.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;

namespace {

/// Items of one batched request.
constexpr int kBatch = 1000;
/// Calls of one Apply stream that are being done at once; more are not read before.
constexpr int kCallsAtOnce = 64;

grpc::Status ToGrpc(const Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message()};
}

CallError Overloaded() {
  return MakeCallError(ErrorClass::kNotDone, "ProviderOverloaded",
                       "too many calls wait for a worker");
}

class ListStream final : public grpc::ServerWriteReactor<v1::ListReply>,
                         public ReplyQueue<v1::ListReply> {
 public:
  void OnWriteDone(bool ok) override { Written(ok); }
  void OnDone() override { delete this; }

 private:
  void WriteOne(const v1::ListReply* message, grpc::WriteOptions options) override { StartWrite(message, options); }
  void FinishWith(const grpc::Status& status) override { Finish(status); }
};

class ReadStream final : public grpc::ServerWriteReactor<v1::ReadReply>,
                         public ReplyQueue<v1::ReadReply> {
 public:
  void OnWriteDone(bool ok) override { Written(ok); }
  void OnDone() override { delete this; }

 private:
  void WriteOne(const v1::ReadReply* message, grpc::WriteOptions options) override { StartWrite(message, options); }
  void FinishWith(const grpc::Status& status) override { Finish(status); }
};

class ApplyStream final : public grpc::ServerBidiReactor<v1::ApplyRequest, v1::ApplyReply>,
                          public ReplyQueue<v1::ApplyReply> {
 public:
  ApplyStream(Provider* provider, Workers* workers) : provider_(provider), workers_(workers) {
    StartRead(&message_);
  }
  void OnWriteDone(bool ok) override { Written(ok); }
  void OnDone() override { delete this; }

  void OnReadDone(bool ok) override {
    if (!ok) {
      End(grpc::Status::OK);
      return;
    }
    const Status added = join_.Add(message_);
    if (!added.ok()) {
      End(ToGrpc(added));
      return;
    }
    if (!join_.done()) {
      StartRead(&message_);
      return;
    }
    Result<ApplyRequest> request = join_.Take();
    if (!request.ok()) {
      End(ToGrpc(request.status()));
      return;
    }
    Expect(1);
    const std::string intent = request->intent;
    // Reading goes on before the call is made: its answer may end the stream and this with it.
    bool paused = false;
    {
      Lock lock(mutex_);
      paused = ++running_ >= kCallsAtOnce;
      paused_ = paused;
    }
    if (!paused) StartRead(&message_);
    const bool taken = workers_->Run(Workers::Work::kStep, [this, request = std::move(*request), intent]() mutable {
      provider_->Apply(std::move(request),
                       [this, intent](ApplyAnswer answer) { Answer(Split(answer, intent)); });
    });
    if (!taken) {
      ApplyAnswer refused;
      refused.error = Overloaded();
      Answer(Split(refused, intent));
    }
  }

 private:
  void Answer(std::vector<v1::ApplyReply> messages) {
    bool resume = false;
    {
      Lock lock(mutex_);
      --running_;
      resume = std::exchange(paused_, false);
    }
    // While reading is paused the stream has not ended, so this is still here.
    if (resume) StartRead(&message_);
    Put(std::move(messages));
  }
  void WriteOne(const v1::ApplyReply* message, grpc::WriteOptions options) override { StartWrite(message, options); }
  void FinishWith(const grpc::Status& status) override { Finish(status); }

  Provider* provider_;
  Workers* workers_;
  v1::ApplyRequest message_;
  ApplyRequestJoin join_;
  std::mutex mutex_;
  int running_ = 0;
  bool paused_ = false;
};

}  // namespace

grpc::ServerUnaryReactor* ProviderService::Describe(grpc::CallbackServerContext* context,
                                                    const v1::DescribeRequest*,
                                                    v1::DescribeReply* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  // Not through the workers: it also tells whether the process is alive while all of them are busy.
  provider_->Describe([reactor, reply](Result<ProviderDescription> description) {
    if (description.ok()) ToWire(*description, reply);
    reactor->Finish(ToGrpc(description.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ProviderService::Open(grpc::CallbackServerContext* context,
                                                const v1::OpenRequest* wire, v1::OpenReply* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Result<AccountRequest> request = FromWire(*wire);
  if (!request.ok()) {
    reactor->Finish(ToGrpc(request.status()));
    return reactor;
  }
  const auto answer = [reactor, reply](const AccountAnswer& given) {
    ToWire(given, reply);
    reactor->Finish(grpc::Status::OK);
  };
  if (!workers_->Run(Workers::Work::kLook, [this, request = std::move(*request), answer]() mutable {
        provider_->Open(std::move(request), answer);
      })) {
    AccountAnswer refused;
    refused.error = Overloaded();
    answer(refused);
  }
  return reactor;
}

grpc::ServerWriteReactor<v1::ListReply>* ProviderService::List(grpc::CallbackServerContext*,
                                                               const v1::ListRequest* wire) {
  auto* stream = new ListStream();
  Result<ListRequest> request = FromWire(*wire);
  if (!request.ok()) {
    stream->End(ToGrpc(request.status()));
    return stream;
  }
  stream->Expect(1);
  stream->End(grpc::Status::OK);
  const auto answer = [stream](const ListAnswer& given) { stream->Put(Split(given)); };
  if (!workers_->Run(Workers::Work::kLook, [this, request = std::move(*request), answer]() mutable {
        provider_->List(std::move(request), answer);
      })) {
    ListAnswer refused;
    refused.error = Overloaded();
    answer(refused);
  }
  return stream;
}

grpc::ServerWriteReactor<v1::ReadReply>* ProviderService::Read(grpc::CallbackServerContext*,
                                                               const v1::ReadRequest* wire) {
  auto* stream = new ReadStream();
  const int count = wire->identities_size();
  if (count > kBatch) {
    stream->End({grpc::StatusCode::INVALID_ARGUMENT, "too many identities in one batch"});
    return stream;
  }
  // The request may be gone once all answers are in, so it is copied first.
  const KindName kind{wire->kind().group(), wire->kind().kind()};
  std::vector<ReadRequest> requests;
  for (const std::string& identity : wire->identities()) {
    requests.push_back({wire->account(), kind, identity});
  }
  stream->Expect(count);
  stream->End(grpc::Status::OK);
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<uint32_t>(i);
    const auto answer = [stream, index](const ReadAnswer& given) {
      stream->Put(Split(given, index));
    };
    if (!workers_->Run(Workers::Work::kLook, [this, request = std::move(requests[index]), answer]() mutable {
          provider_->Read(std::move(request), answer);
        })) {
      ReadAnswer refused;
      refused.error = Overloaded();
      answer(refused);
    }
  }
  return stream;
}

grpc::ServerBidiReactor<v1::ApplyRequest, v1::ApplyReply>* ProviderService::Apply(
    grpc::CallbackServerContext*) {
  return new ApplyStream(provider_, workers_);
}

grpc::ServerUnaryReactor* ProviderService::Poll(grpc::CallbackServerContext* context,
                                                const v1::PollRequest* wire, v1::PollReply* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const int count = wire->handles_size();
  if (count == 0 || count > kBatch) {
    reactor->Finish(count == 0 ? grpc::Status::OK
                               : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                                              "too many handles in one batch"));
    return reactor;
  }
  const KindName kind{wire->kind().group(), wire->kind().kind()};
  std::vector<PollRequest> requests;
  for (const std::string& handle : wire->handles()) {
    requests.push_back({wire->account(), kind, handle});
    reply->add_answers();
  }
  const auto left = std::make_shared<std::atomic<int>>(count);
  for (int i = 0; i < count; ++i) {
    const auto answer = [reactor, reply, left, i](const PollAnswer& given) {
      ToWire(given, reply->mutable_answers(i));
      if (left->fetch_sub(1) == 1) reactor->Finish(grpc::Status::OK);
    };
    if (!workers_->Run(Workers::Work::kStep, [this, request = std::move(requests[static_cast<size_t>(i)]),
                        answer]() mutable { provider_->Poll(std::move(request), answer); })) {
      PollAnswer refused;
      refused.error = Overloaded();
      answer(refused);
    }
  }
  return reactor;
}

grpc::ServerUnaryReactor* ProviderService::Measure(grpc::CallbackServerContext* context,
                                                   const v1::MeasureRequest* wire,
                                                   v1::MeasureReply* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const int count = wire->signals_size();
  if (count == 0 || count > kBatch) {
    reactor->Finish(count == 0 ? grpc::Status::OK
                               : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                                              "too many signals in one batch"));
    return reactor;
  }
  std::vector<MeasureRequest> requests;
  for (const std::string& signal : wire->signals()) {
    requests.push_back({wire->account(), signal});
    reply->add_signals()->set_name(signal);
  }
  const auto left = std::make_shared<std::atomic<int>>(count);
  for (int i = 0; i < count; ++i) {
    const auto answer = [reactor, reply, left, i](const MeasureAnswer& given) {
      ToWire(given, reply->mutable_signals(i));
      if (left->fetch_sub(1) == 1) reactor->Finish(grpc::Status::OK);
    };
    if (!workers_->Run(Workers::Work::kLook, [this, request = std::move(requests[static_cast<size_t>(i)]),
                        answer]() mutable { provider_->Measure(std::move(request), answer); })) {
      MeasureAnswer refused;
      refused.error = Overloaded();
      answer(refused);
    }
  }
  return reactor;
}

grpc::ServerUnaryReactor* ProviderService::Close(grpc::CallbackServerContext* context,
                                                 const v1::CloseRequest* request, v1::CloseReply*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  provider_->Close(request->account());
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace tandem
