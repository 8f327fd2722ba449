// The shapes of streaming calls that several methods share.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tandem/api/v1/api.pb.h"
#include "tandem/base/status.h"
#include "tandem/model/source.h"

namespace tandem {

inline grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message());
}

/// The message that a method which takes bytes was sent.
template <typename Message>
grpc::Status Parse(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::ByteBuffer copy = bytes;  // of references: what is parsed is given away
  return grpc::SerializationTraits<Message>::Deserialize(&copy, message);
}

/// All that one model may weigh on its way up: 100,000 documents of the largest ordinary size.
constexpr size_t kMaxSourceBytes = size_t{512} << 20;
constexpr size_t kMaxPlanBytes = size_t{512} << 20;
constexpr size_t kPieceBytes = size_t{256} << 10;

/// Joins chunks of source texts.
class SourceCollector {
 public:
  Status Add(const api::v1::SourceChunk& chunk) {
    bytes_ += chunk.text().size();
    if (bytes_ > kMaxSourceBytes) return ResourceExhausted("the sources are larger than 512 MiB");
    if (texts_.empty() || texts_.back().name != chunk.name()) texts_.push_back({chunk.name(), ""});
    texts_.back().text += chunk.text();
    return OkStatus();
  }
  std::vector<std::shared_ptr<const SourceText>> Take() {
    std::vector<std::shared_ptr<const SourceText>> sources;
    for (SourceText& text : texts_) text.text.shrink_to_fit();  // it is kept
    for (SourceText& text : texts_) sources.push_back(std::make_shared<SourceText>(std::move(text)));
    return sources;
  }

 private:
  std::vector<SourceText> texts_;
  size_t bytes_ = 0;
};

/// Ends a call at once.
template <typename Reactor>
class Refused final : public Reactor {
 public:
  explicit Refused(grpc::Status status) { this->Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

/// Reads requests until the client is done, then hands over to `finish`, which ends the call by Finish.
template <typename Request>
class ReadAll final : public grpc::ServerReadReactor<Request> {
 public:
  ReadAll(std::function<Status(const Request&)> each, std::function<void(ReadAll*)> finish)
      : each_(std::move(each)), finish_(std::move(finish)) {
    this->StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) {
      finish_(this);
      return;
    }
    if (const Status status = each_(request_); !status.ok()) {
      this->Finish(ToGrpc(status));
      return;
    }
    this->StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  std::function<Status(const Request&)> each_;
  std::function<void(ReadAll*)> finish_;
  Request request_;
};

/// Writes what `next` fills in, until it returns false; not before Begin.
template <typename Reply>
class WriteEach final : public grpc::ServerWriteReactor<Reply> {
 public:
  explicit WriteEach(std::function<bool(Reply*)> next) : next_(std::move(next)) {}
  void Begin() { Next(); }
  void OnWriteDone(bool ok) override {
    if (!ok) {
      this->Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone"));
      return;
    }
    Next();
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    reply_.Clear();
    if (next_(&reply_)) {
      this->StartWrite(&reply_);
    } else {
      this->Finish(grpc::Status::OK);
    }
  }
  std::function<bool(Reply*)> next_;
  Reply reply_;
};

}  // namespace tandem
