// What all watchers share: the bytes of each change as they go over the wire, made once, and a thread that
// begins the writes, so that a turn of the engine costs no more than handing a reference to each.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "tandem/api/v1/api.pb.h"
#include "tandem/engine/engine.h"

namespace tandem {

class WatchCall;

class WatchHub {
 public:
  WatchHub();
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  /// On the engine's turns only.
  grpc::ByteBuffer Encode(const Change& change, const Engine& engine);
  /// `call` has something to write.
  void Ready(std::shared_ptr<WatchCall> call);

 private:
  void Loop();

  api::v1::ChangeReply reply_;                    // filled anew for each, so that its memory is used again
  std::map<int64_t, grpc::ByteBuffer> encoded_;  // the latest, by sequence; copies share
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<WatchCall>> ready_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tandem
