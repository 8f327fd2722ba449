// Reads, mutating calls, polls and measurements on their way to the process: several in one call
// over the wire, each answered by itself as its answer comes.
//
// A batch deletes itself when its call is over. What was not answered by then is answered with the
// failure: kNotDone for looks, kPerhapsDone for mutating calls, which may have reached the vendor (R10).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "provider_host/core.h"
#include "tandem/provider/provider.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

CallError CallFailed(ErrorClass error_class, const grpc::Status& status);
CallError MalformedAnswer(ErrorClass error_class, const Status& status);

/// A request and who waits for its answer.
template <typename Request, typename Answer>
struct Asked {
  Request request;
  Done<Answer> done;
};
using AskedRead = Asked<ReadRequest, ReadAnswer>;
using AskedApply = Asked<ApplyRequest, ApplyAnswer>;
using AskedPoll = Asked<PollRequest, PollAnswer>;
using AskedMeasure = Asked<MeasureRequest, MeasureAnswer>;

using EndCall =
    std::function<void(std::shared_ptr<grpc::ClientContext>, const grpc::Status&)>;

class ReadBatch final : public grpc::ClientReadReactor<provider::v1::ReadReply> {
 public:
  /// All of one account and kind.
  static void Start(Connection* connection,
                    std::shared_ptr<grpc::ClientContext> context, std::vector<AskedRead> asked,
                    EndCall end);
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Part {
    Done<ReadAnswer> done;  // empty once answered
    ReadJoin join;
  };
  ReadBatch() = default;

  std::shared_ptr<grpc::ClientContext> context_;
  provider::v1::ReadRequest request_;
  provider::v1::ReadReply message_;
  std::vector<Part> parts_;
  Status malformed_;
  EndCall end_;
};

class ApplyBatch final
    : public grpc::ClientBidiReactor<provider::v1::ApplyRequest, provider::v1::ApplyReply> {
 public:
  static void Start(Connection* connection,
                    std::shared_ptr<grpc::ClientContext> context, std::vector<AskedApply> asked,
                    EndCall end);
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Part {
    std::string intent;
    Done<ApplyAnswer> done;  // empty once answered
  };
  ApplyBatch() = default;
  void WriteNext();
  Part* Find(const std::string& intent);

  std::shared_ptr<grpc::ClientContext> context_;
  std::vector<provider::v1::ApplyRequest> requests_;
  size_t next_ = 0;
  provider::v1::ApplyReply message_;
  ApplyReplyJoin join_;
  std::vector<Part> parts_;
  Status malformed_;
  EndCall end_;
};

/// All of one account and kind. One answer of the wire holds all of theirs.
void StartPolls(Connection* connection,
                std::shared_ptr<grpc::ClientContext> context, std::vector<AskedPoll> asked,
                EndCall end);
/// All of one account.
void StartMeasures(Connection* connection,
                   std::shared_ptr<grpc::ClientContext> context, std::vector<AskedMeasure> asked,
                   EndCall end);

}  // namespace tandem
