// tandem.provider.v1 messages ↔ the values of the provider port.
//
// Pure and thread-safe. What comes from the other side is not trusted: every `FromWire` and `Join…`
// checks it, and kDataLoss says what was wrong. An unknown error class is read as kPerhapsDone, an
// unknown completeness as incomplete, an unknown object state as busy.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/provider/provider.h"

namespace tandem::provider::v1 {
class ApplyReply;
class ApplyRequest;
class CallError;
class DescribeReply;
class ListReply;
class ListRequest;
class LiveObject;
class MeasureReply_Signal;
class OpenReply;
class OpenRequest;
class PollReply_Answer;
class ReadReply;
}  // namespace tandem::provider::v1

namespace tandem {

/// Payload of one message; the rest of it is names and numbers, at most kWireSlack.
inline constexpr size_t kWireBytes = 1 << 20;
inline constexpr size_t kWireSlack = 64 << 10;
/// What one answer (a page, an object) may add up to.
inline constexpr size_t kWireAnswerBytes = 64 << 20;
/// The protocol versions that this build speaks.
inline constexpr int kProtocolLowest = 1;
inline constexpr int kProtocolHighest = 1;

/// Writes nothing when `error.ok`; the caller leaves the field absent then.
void ToWire(const CallError& error, provider::v1::CallError* wire);
CallError FromWire(const provider::v1::CallError& wire);

void ToWire(const ProviderDescription& description, provider::v1::DescribeReply* wire);
Result<ProviderDescription> FromWire(const provider::v1::DescribeReply& wire);

void ToWire(const AccountRequest& request, provider::v1::OpenRequest* wire);
Result<AccountRequest> FromWire(const provider::v1::OpenRequest& wire);
void ToWire(const AccountAnswer& answer, provider::v1::OpenReply* wire);
Result<AccountAnswer> FromWire(const provider::v1::OpenReply& wire);

void ToWire(const ListRequest& request, provider::v1::ListRequest* wire);
Result<ListRequest> FromWire(const provider::v1::ListRequest& wire);

void ToWire(const PollAnswer& answer, provider::v1::PollReply_Answer* wire);
Result<PollAnswer> FromWire(const provider::v1::PollReply_Answer& wire);

/// All but the signal's name. A value that is no finite number crosses as an error.
void ToWire(const MeasureAnswer& answer, provider::v1::MeasureReply_Signal* wire);
Result<MeasureAnswer> FromWire(const provider::v1::MeasureReply_Signal& wire);

// Answers and requests that may be longer than a message: cut on one side, joined on the other.
// `bytes` is the payload of one message; tests make it small.

std::vector<provider::v1::ListReply> Split(const ListAnswer& answer, size_t bytes = kWireBytes);
std::vector<provider::v1::ReadReply> Split(const ReadAnswer& answer, uint32_t index,
                                           size_t bytes = kWireBytes);
std::vector<provider::v1::ApplyRequest> Split(const ApplyRequest& request,
                                              size_t bytes = kWireBytes);
std::vector<provider::v1::ApplyReply> Split(const ApplyAnswer& answer, const std::string& intent,
                                            size_t bytes = kWireBytes);

/// Joins the messages of one List. After the last one `done()` is true and `Take` may be called.
class ListJoin {
 public:
  Status Add(const provider::v1::ListReply& message);
  bool done() const { return done_; }
  /// kDataLoss if the stream ended early.
  Result<ListAnswer> Take();

 private:
  ListAnswer answer_;
  std::string fields_;  // of the last object, while it goes on
  bool open_ = false;
  bool done_ = false;
  size_t bytes_ = 0;
};

/// Joins the messages about one identity of a Read.
class ReadJoin {
 public:
  Status Add(const provider::v1::ReadReply& message);
  bool done() const { return done_; }
  Result<ReadAnswer> Take();

 private:
  ReadAnswer answer_;
  std::string fields_;
  bool open_ = false;
  bool done_ = false;
};

/// Joins the messages of one mutating call, then starts again with the next.
class ApplyRequestJoin {
 public:
  Status Add(const provider::v1::ApplyRequest& message);
  bool done() const { return done_; }
  Result<ApplyRequest> Take();

 private:
  ApplyRequest request_;
  std::string address_;
  std::string desired_, observed_, recorded_;
  bool open_ = false;
  bool done_ = false;
};

class ApplyReplyJoin {
 public:
  Status Add(const provider::v1::ApplyReply& message);
  bool done() const { return done_; }
  const std::string& intent() const { return intent_; }
  Result<ApplyAnswer> Take();

 private:
  ApplyAnswer answer_;
  std::string intent_;
  std::string fields_;
  bool open_ = false;
  bool done_ = false;
};

}  // namespace tandem
