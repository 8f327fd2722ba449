// Answers on their way out of a streaming call: written one at a time, put in from any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "tandem/base/lock.h"

namespace tandem {

/// The writing half of a server reactor. `Reactor` derives from it and from gRPC's class, whose
/// StartWrite and Finish it is given by the two hooks. One answer at most for each part of the
/// request waits here, so the request bounds it.
template <typename Message>
class ReplyQueue {
 public:
  virtual ~ReplyQueue() = default;

  /// `count` more answers are to come.
  void Expect(int count) {
    Lock lock(mutex_);
    expected_ += count;
  }
  /// One answer, in as many messages as it takes. The reactor may be gone when this returns.
  void Put(std::vector<Message> messages) {
    Todo todo;
    {
      Lock lock(mutex_);
      --expected_;
      if (!broken_) {
        for (Message& message : messages) waiting_.push_back(std::move(message));
      }
      todo = Next();
    }
    Do(todo);
  }
  /// No more is expected than was so far; the call ends with `status` once all is written.
  void End(grpc::Status status) {
    Todo todo;
    {
      Lock lock(mutex_);
      ended_ = true;
      status_ = std::move(status);
      todo = Next();
    }
    Do(todo);
  }
  /// How many answers are still to come.
  int expected() {
    Lock lock(mutex_);
    return expected_;
  }

 protected:
  /// From OnWriteDone.
  void Written(bool ok) {
    Todo todo;
    {
      Lock lock(mutex_);
      writing_ = false;
      waiting_.pop_front();
      if (!ok) {
        // The other side is gone; what is still being done is waited for and thrown away.
        broken_ = true;
        waiting_.clear();
      }
      todo = Next();
    }
    Do(todo);
  }
  /// `options` say whether it may wait for the one that comes right behind it.
  virtual void WriteOne(const Message* message, grpc::WriteOptions options) = 0;
  virtual void FinishWith(const grpc::Status& status) = 0;

 private:
  struct Todo {
    const Message* write = nullptr;
    grpc::WriteOptions options;
    bool finish = false;
  };
  Todo Next() {
    Todo todo;
    if (writing_ || finished_) return todo;
    if (!waiting_.empty()) {
      writing_ = true;
      todo.write = &waiting_.front();  // stays where it is until Written
      // Those that wait together go out together.
      if (waiting_.size() > 1) todo.options.set_buffer_hint();
    } else if (ended_ && expected_ == 0) {
      finished_ = todo.finish = true;
    }
    return todo;
  }
  void Do(const Todo& todo) {
    if (todo.write != nullptr) WriteOne(todo.write, todo.options);
    if (todo.finish) FinishWith(status_);
  }

  std::mutex mutex_;
  std::deque<Message> waiting_;
  int expected_ = 0;
  bool writing_ = false, ended_ = false, finished_ = false, broken_ = false;
  grpc::Status status_;
};

}  // namespace tandem
