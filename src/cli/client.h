// A connection to the daemon: each method is one call of tandem.api.v1, waited for.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "tandem/api/v1/api.pb.h"

namespace tandem {

using Sources = std::vector<std::shared_ptr<const SourceText>>;

class Client {
 public:
  explicit Client(const Flags& flags);
  ~Client();

  struct PlanResult {
    api::v1::PlanReply head;  // refusal, message, diagnostics
    std::string json;         // the plan, or ""
  };
  Result<PlanResult> Plan(const api::v1::PlanHead& head, const Sources& sources);
  Result<api::v1::ApplyReply> Apply(const std::string& hash, const std::string& plan_json,
                                    bool auto_approve, const Sources& sources);
  Result<api::v1::ApplyReply> Approve(const std::string& hash);
  Result<api::v1::ApplyReply> Unprotect(const std::string& address);
  Status Cancel(const std::string& run);
  Status Pause(const std::string& address);
  Status Resume(const std::string& address);
  Status Refresh(const std::string& address);
  Result<api::v1::Item> Get(const std::string& address);
  Result<std::vector<api::v1::Item>> List(const api::v1::ListRequest& request);
  Result<api::v1::TopologyReply> Topology();
  Result<api::v1::RunReply> GetRun(const std::string& run);
  /// Calls `each` until it returns false, the stream ends, or `deadline` passes (kDeadlineExceeded).
  Status Watch(const api::v1::WatchRequest& request,
               std::optional<std::chrono::system_clock::time_point> deadline,
               const std::function<bool(const api::v1::ChangeReply&)>& each);
  Result<std::vector<api::v1::EventItem>> Events(const api::v1::EventsRequest& request);
  Result<std::string> Why(const std::string& address);
  Result<api::v1::HistoryReply> History(int64_t limit);
  /// The accepted model's digest and files, all in one.
  Result<api::v1::FilesReply> Files();
  Result<api::v1::VersionReply> Version();

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// The exit code of a call that failed, its message printed.
int FailCall(const Status& status, const Console& console);
/// The exit code of a refusal.
int ExitCodeOf(api::v1::Refusal refusal);
/// The model that -f names.
Result<Sources> ReadModel(const Flags& flags, const Console& console);
/// ReadModel, or nullopt with the exit code 2 and a message printed.
std::optional<Sources> LoadModel(const Flags& flags, const Console& console);

}  // namespace tandem
