// A real tandemd with the real plugin of the simulated clouds, its store on a disk with full sync, and a
// client on its socket. Everything lies in a fresh folder that goes away with it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tandem/api/v1/api.grpc.pb.h"
#include "tests/bench/figures.h"
#include "tests/bench/models.h"

namespace tandem::bench {

/// Where things are: build has the programs, source the schemas and tests/bench/kinds.
struct Place {
  std::string build;
  std::string source;
  std::string scratch;  // a folder on the disk to measure with
};

class Platform {
 public:
  explicit Platform(const Place& place);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  /// Starts tandemd and waits until it answers. Returns the seconds until then. Aborts on failure.
  double Start(const std::vector<std::string>& flags = {});
  /// Until every account was observed.
  void WaitReady();
  void Stop();
  void Kill();
  pid_t pid() const { return pid_; }
  const std::string& folder() const { return folder_; }
  std::string address() const { return "unix:" + folder_ + "/state/d.sock"; }

  struct PlanResult {
    double seconds = 0;  // from the call to its last step
    std::string hash;
    size_t steps_bytes = 0;
    std::string json;
  };
  /// Aborts when it is refused. `over`: the digest of the accepted model, of which `sources` are the files
  /// that changed; "": they are the whole model.
  PlanResult Plan(const Sources& sources, const std::string& over = "", bool refresh = true);

  struct RunResult {
    double started = 0;  // seconds until the run was open
    double seconds = 0;  // until it ended
    std::string state;
  };
  /// Starts the run of a plan and waits for its end.
  RunResult Apply(const std::string& hash);
  /// Starts it only; the id of the run.
  std::string Begin(const std::string& hash);
  /// Ends the program, and tells what went wrong, if `run` has not succeeded.
  void MustSucceed(const std::string& run);
  std::string StateOf(const std::string& run);
  /// What of `name` the daemon counts at /metrics, summed over labels.
  std::map<std::string, double> Metrics();
  Usage usage() const { return UsageOf(pid_); }
  api::v1::Tandem::Stub& stub() { return *stub_; }
  /// An own connection.
  std::unique_ptr<api::v1::Tandem::Stub> NewStub() const;

 private:
  const Place place_;
  std::string folder_;
  pid_t pid_ = 0;
  int web_port_ = 0;
  std::unique_ptr<api::v1::Tandem::Stub> stub_;
};

/// The value of a text member of a plan's head.
std::string MemberOf(const std::string& json, const std::string& name);

}  // namespace tandem::bench
