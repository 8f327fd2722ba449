// Who is at the other end of each connection.
#pragma once

#include <map>
#include <string>

#include "tandem/base/synchronized.h"

namespace tandem {

/// Unix connections are accepted by us and handed to gRPC as descriptors; gRPC then names such a peer
/// "fd:N". A number is in the map for as long as it is open, because the next connection that gets the
/// same number overwrites it before gRPC sees it.
class Peers {
 public:
  void Accepted(int descriptor, unsigned uid) {
    uids_.With([&](std::map<int, unsigned>& uids) { uids[descriptor] = uid; });
  }
  /// "uid:1000" for "fd:N", else "".
  std::string ActorOf(const std::string& peer) const {
    if (peer.rfind("fd:", 0) != 0) return "";
    const int descriptor = std::atoi(peer.c_str() + 3);
    return uids_.With([&](const std::map<int, unsigned>& uids) {
      const auto found = uids.find(descriptor);
      return found == uids.end() ? std::string() : "uid:" + std::to_string(found->second);
    });
  }

 private:
  Synchronized<std::map<int, unsigned>> uids_;
};

}  // namespace tandem
