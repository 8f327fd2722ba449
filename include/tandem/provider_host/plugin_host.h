// A provider in a process of its own: started when first needed, watched, restarted with growing
// pauses, bounded in memory, and never left behind.
//
// A Provider like any other. What the process does wrong costs its own calls only: a call that may
// have reached a vendor and whose answer is missing, late or malformed ends as kPerhapsDone,
// everything else as kNotDone. Nothing is retried here. Thread-safe; completions run on gRPC's
// threads, on the host's, or, when a call is refused, on the caller's.
//
// The lock `STATE_DIR/plugins/NAME.lock` is inherited by the process and whatever it starts. It is
// taken before every start, and whoever of an earlier daemon still holds it is killed first, so no
// call of theirs is under way when the first call here is made.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/provider/provider.h"

namespace tandem {

struct PluginSettings {
  std::string name;                    // "aws"; names the lock and the log lines
  std::string program;                 // path
  std::vector<std::string> arguments;  // without the program
  std::string state_dir;
  std::vector<std::string> environment;  // "NAME=value", added to the daemon's own
  std::chrono::milliseconds lock_patience{10'000};
  std::chrono::milliseconds start_patience{10'000};
  /// Deadline of a call; of Apply only where the request has none of its own.
  std::chrono::milliseconds call_patience{60'000};
  /// After a call ran into its deadline the process must describe itself within this, or is killed.
  std::chrono::milliseconds probe_patience{5'000};
  std::chrono::milliseconds backoff_first{200};
  std::chrono::milliseconds backoff_most{30'000};
  /// Resident bytes above which the process is killed; sampled once a second.
  uint64_t memory_most = uint64_t{512} << 20;
  std::chrono::milliseconds memory_period{1'000};
  /// Calls under way or waiting for the process; more are refused.
  size_t calls_most = 1024;
  /// Reads, mutating calls, polls and measurements wait for Flush, and go out together.
  bool hold = false;
};

class PluginHost final : public Provider {
 public:
  /// Starts nothing yet. `clock` tells how much of a call's deadline is left, and outlives the
  /// host.
  PluginHost(PluginSettings settings, const Clock* clock);
  ~PluginHost() override;

  /// kUnavailable, with the end of its standard error, when the process does not start.
  void Describe(Done<Result<ProviderDescription>> done) override;
  void Open(AccountRequest request, Done<AccountAnswer> done) override;
  void List(ListRequest request, Done<ListAnswer> done) override;
  void Read(ReadRequest request, Done<ReadAnswer> done) override;
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override;
  void Poll(PollRequest request, Done<PollAnswer> done) override;
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override;
  void Close(std::string account) override;
  void Flush() override;
  size_t held() const override;

  /// Ends the process: end of its pipe, SIGTERM, SIGKILL, a third of `patience` each. Calls under
  /// way are cancelled; later ones fail. Returns when the process is gone and no completion runs
  /// any more; not to be called from one. Idempotent.
  void Stop(std::chrono::milliseconds patience);

  /// Of the running process, or 0.
  int pid() const;
  /// How often it was started.
  int starts() const;

 private:
  class Core;
  struct Held;
  std::shared_ptr<Core> core_;
  std::unique_ptr<Held> held_;
};

}  // namespace tandem
