// Resources as List sends them, encoded once: the bytes of one that did not change are copied.
//
// Safe on any thread. Holds what it encoded of at most 2 × kMost views; a view is never changed.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "tandem/base/synchronized.h"
#include "tandem/engine/snapshot.h"

namespace tandem {

class EncodedItems {
 public:
  static constexpr size_t kMost = 1024;

  /// Adds `view` to `message`, the encoding of a ListReply: messages of protobuf that follow each other
  /// are one, and their lists are joined.
  void Append(const std::shared_ptr<const ResourceView>& view, std::string* message);

 private:
  // The view is held, so that no other can come to lie where it lies.
  using Generation =
      std::unordered_map<const ResourceView*, std::pair<std::shared_ptr<const ResourceView>, std::string>>;
  struct State {
    Generation young, old;
  };
  Synchronized<State> state_;
};

}  // namespace tandem
