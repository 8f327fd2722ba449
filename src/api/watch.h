// What all watchers share: each change as it goes over the wire, made once, and a thread that begins the
// writes, so that a turn of the engine costs no more than handing a pointer to each.
#pragma once

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
  std::shared_ptr<const api::v1::ChangeReply> Encode(const Change& change, const Engine& engine);
  /// `call` has something to write.
  void Ready(std::shared_ptr<WatchCall> call);

 private:
  void Loop();

  std::map<int64_t, std::shared_ptr<const api::v1::ChangeReply>> encoded_;  // the latest, by sequence
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<WatchCall>> ready_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tandem
