#include "provider_host/batches.h"

#include <algorithm>

namespace tandem {

namespace v1 = provider::v1;

CallError CallFailed(ErrorClass error_class, const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return MakeCallError(error_class, "ProviderDeadline", "the provider did not answer in time");
    case grpc::StatusCode::UNAVAILABLE:
      // What the transport says differs from time to time.
      return MakeCallError(error_class, "ProviderFailed",
                           "the provider ended before it answered; it is started again");
    default:
      return MakeCallError(error_class, "ProviderFailed",
                           "the provider's answer: " + status.error_message());
  }
}

CallError MalformedAnswer(ErrorClass error_class, const Status& status) {
  return MakeCallError(error_class, "ProviderAnswerMalformed",
                       "the provider's answer makes no sense: " + status.message());
}

namespace {

/// Why what is still open when a call ends has no answer.
CallError Unanswered(ErrorClass error_class, const Status& malformed,
                     const grpc::Status& status) {
  if (!malformed.ok()) return MalformedAnswer(error_class, malformed);
  if (!status.ok()) return CallFailed(error_class, status);
  return MalformedAnswer(error_class, DataLoss("the stream ended without an answer"));
}

}  // namespace

void ReadBatch::Start(Connection* connection,
                      std::shared_ptr<grpc::ClientContext> context, std::vector<AskedRead> asked,
                      EndCall end) {
  auto* batch = new ReadBatch();
  batch->context_ = std::move(context);
  batch->end_ = std::move(end);
  const ReadRequest& first = asked.front().request;
  batch->request_.set_account(first.account);
  batch->request_.mutable_kind()->set_group(first.kind.group);
  batch->request_.mutable_kind()->set_kind(first.kind.kind);
  for (AskedRead& each : asked) {
    batch->request_.add_identities(each.request.identity);
    batch->parts_.push_back({std::move(each.done), {}});
  }
  connection->stub->async()->Read(batch->context_.get(), &batch->request_, batch);
  batch->StartRead(&batch->message_);
  batch->StartCall();
}

void ReadBatch::OnReadDone(bool ok) {
  if (!ok) return;
  if (malformed_.ok()) {
    if (message_.index() >= parts_.size()) {
      malformed_ = DataLoss("an answer to nothing that was asked");
    } else {
      Part& part = parts_[message_.index()];
      malformed_ = part.done ? part.join.Add(message_) : DataLoss("more than one answer to one read");
      if (malformed_.ok() && part.join.done()) {
        const Done<ReadAnswer> done = std::exchange(part.done, nullptr);
        done(*part.join.Take());
      }
    }
    if (!malformed_.ok()) context_->TryCancel();
  }
  StartRead(&message_);
}

void ReadBatch::OnDone(const grpc::Status& status) {
  for (Part& part : parts_) {
    if (!part.done) continue;
    ReadAnswer answer;
    answer.error = Unanswered(ErrorClass::kNotDone, malformed_, status);
    part.done(std::move(answer));
  }
  end_(std::move(context_), status);
  delete this;
}

void ApplyBatch::Start(Connection* connection,
                       std::shared_ptr<grpc::ClientContext> context, std::vector<AskedApply> asked,
                       EndCall end) {
  auto* batch = new ApplyBatch();
  batch->context_ = std::move(context);
  batch->end_ = std::move(end);
  for (AskedApply& each : asked) {
    std::vector<v1::ApplyRequest> pieces = Split(each.request);
    std::move(pieces.begin(), pieces.end(), std::back_inserter(batch->requests_));
    batch->parts_.push_back({std::move(each.request.intent), std::move(each.done)});
  }
  connection->stub->async()->Apply(batch->context_.get(), batch);
  batch->WriteNext();
  batch->StartRead(&batch->message_);
  batch->StartCall();
}

void ApplyBatch::WriteNext() {
  const v1::ApplyRequest& part = requests_[next_++];
  if (next_ == requests_.size()) {
    StartWriteLast(&part, grpc::WriteOptions());
  } else {
    StartWrite(&part, grpc::WriteOptions().set_buffer_hint());  // the next one comes at once
  }
}

ApplyBatch::Part* ApplyBatch::Find(const std::string& intent) {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.intent == intent; });
  return found == parts_.end() ? nullptr : &*found;
}

void ApplyBatch::OnWriteDone(bool ok) {
  if (ok && next_ < requests_.size()) WriteNext();
}

void ApplyBatch::OnReadDone(bool ok) {
  if (!ok) return;
  if (malformed_.ok()) {
    malformed_ = join_.Add(message_);
    if (malformed_.ok() && join_.done()) {
      Part* part = Find(join_.intent());
      if (part == nullptr) {
        malformed_ = DataLoss("the answer is to another call");
      } else if (!part->done) {
        malformed_ = DataLoss("more than one answer to one call");
      } else if (Result<ApplyAnswer> joined = join_.Take(); joined.ok()) {
        const Done<ApplyAnswer> done = std::exchange(part->done, nullptr);
        done(std::move(*joined));
      } else {
        malformed_ = joined.status();
      }
    }
    if (!malformed_.ok()) context_->TryCancel();
  }
  StartRead(&message_);
}

void ApplyBatch::OnDone(const grpc::Status& status) {
  for (Part& part : parts_) {
    if (!part.done) continue;
    ApplyAnswer answer;
    answer.error = Unanswered(ErrorClass::kPerhapsDone, malformed_, status);
    part.done(std::move(answer));
  }
  end_(std::move(context_), status);
  delete this;
}

namespace {

/// A call whose one answer of the wire holds the answers to all of `asked`.
template <typename Asked, typename WireRequest, typename WireReply>
struct Together {
  std::shared_ptr<grpc::ClientContext> context;
  std::vector<Asked> asked;
  WireRequest request;
  WireReply reply;
};

/// Tells everybody who asked; `read` takes the answer to the i-th from the wire's.
template <typename Request, typename Answer, typename Read>
void AnswerEach(const std::vector<Asked<Request, Answer>>& asked, const grpc::Status& status,
                const Read& read) {
  for (size_t i = 0; i < asked.size(); ++i) {
    Answer given;
    if (!status.ok()) {
      given.error = CallFailed(ErrorClass::kNotDone, status);
    } else if (Result<Answer> answer = read(static_cast<int>(i)); answer.ok()) {
      given = std::move(*answer);
    } else {
      given.error = MalformedAnswer(ErrorClass::kNotDone, answer.status());
    }
    asked[i].done(std::move(given));
  }
}

}  // namespace

void StartPolls(Connection* connection,
                std::shared_ptr<grpc::ClientContext> context, std::vector<AskedPoll> asked,
                EndCall end) {
  auto call = std::make_shared<Together<AskedPoll, v1::PollRequest, v1::PollReply>>();
  call->context = std::move(context);
  call->asked = std::move(asked);
  const PollRequest& first = call->asked.front().request;
  call->request.set_account(first.account);
  call->request.mutable_kind()->set_group(first.kind.group);
  call->request.mutable_kind()->set_kind(first.kind.kind);
  for (const AskedPoll& each : call->asked) call->request.add_handles(each.request.handle);
  connection->stub->async()->Poll(
      call->context.get(), &call->request, &call->reply,
      [call, end = std::move(end)](const grpc::Status& status) {
        AnswerEach(call->asked, status, [&](int i) -> Result<PollAnswer> {
          if (static_cast<size_t>(call->reply.answers_size()) != call->asked.size())
            return DataLoss("not one answer to each handle");
          return FromWire(call->reply.answers(i));
        });
        end(std::move(call->context), status);
      });
}

void StartMeasures(Connection* connection,
                   std::shared_ptr<grpc::ClientContext> context, std::vector<AskedMeasure> asked,
                   EndCall end) {
  auto call = std::make_shared<Together<AskedMeasure, v1::MeasureRequest, v1::MeasureReply>>();
  call->context = std::move(context);
  call->asked = std::move(asked);
  call->request.set_account(call->asked.front().request.account);
  for (const AskedMeasure& each : call->asked) call->request.add_signals(each.request.signal);
  connection->stub->async()->Measure(
      call->context.get(), &call->request, &call->reply,
      [call, end = std::move(end)](const grpc::Status& status) {
        AnswerEach(call->asked, status, [&](int i) -> Result<MeasureAnswer> {
          if (i >= call->reply.signals_size() ||
              call->reply.signals(i).name() != call->asked[static_cast<size_t>(i)].request.signal)
            return DataLoss("not one answer to each signal");
          return FromWire(call->reply.signals(i));
        });
        end(std::move(call->context), status);
      });
}

}  // namespace tandem
