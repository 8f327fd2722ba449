#include "cli/run_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <ostream>
#include <thread>

#include "cli/interrupts.h"
#include "tandem/base/lock.h"
#include "tandem/base/printable.h"
#include "tandem/base/clock.h"

namespace tandem {
namespace {
constexpr std::chrono::milliseconds kWatchAgain{100};  // after a watch that the server ended

bool IsDone(const std::string& state) { return state == "settled" || state == "verified"; }

bool IsOver(const std::string& state) {
  return IsDone(state) || state == "failed" || state == "blocked" || state == "void" ||
         state == "cancelled";
}

/// The lines of a run as it goes on; on a terminal, below them, what is being worked on, drawn anew with each.
/// Thread-safe.
class Display {
 public:
  Display(size_t steps, const Console& console) : total_(steps), console_(console) {}
  ~Display() { Clear(); }

  void Show(const api::v1::StepItem& step) {
    const Lock lock(mutex_);
    std::string& state = states_[step.id()];
    if (state == step.state()) return;
    const bool was_over = IsOver(state);
    state = step.state();
    if (IsOver(state) && !was_over) {
      ++over_;
      Erase();
      const char* sign = IsDone(state) ? "✓" : state == "cancelled" ? "·" : "✗";
      const std::string line = fmt::format("{} {}{}{}", step.action(), step.address(),
                                           IsDone(state) ? "" : ": " + state,
                                           step.error().empty() ? "" : " (" + step.error() + ")");
      *console_.out << Colored(sign, IsDone(state) ? 32 : 31) << " " << Printable(line) << "\n";
      console_.out->flush();  // a log is read while the run goes on
      working_.erase(step.id());
    } else if (!IsOver(state) && state != "pending") {
      working_[step.id()] = Printable(fmt::format("{} {}: {}", step.action(), step.address(), state));
    }
    Draw();
  }
  /// Something beside the steps.
  void Say(const std::string& message) {
    const Lock lock(mutex_);
    Erase();
    *console_.err << Printable(message) << std::endl;
    Draw();
  }
  /// Nothing is drawn any more.
  void Clear() {
    const Lock lock(mutex_);
    Erase();
    cleared_ = true;
  }

 private:
  std::string Colored(const char* text, int color) const {
    return console_.color ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
  }
  void Erase() {
    if (lines_ == 0) return;
    *console_.out << "\r\x1b[2K";  // the "^C" of a terminal that echoes it
    for (; lines_ > 0; --lines_) *console_.out << "\x1b[1A\x1b[2K";
    console_.out->flush();
  }
  void Draw() {
    if (!console_.out_is_terminal || cleared_) return;
    Erase();
    const int width = 24;
    const int filled = total_ == 0 ? 0 : static_cast<int>(over_ * width / total_);
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
    *console_.out << fmt::format("{} {}/{}\n", bar, over_, total_);
    lines_ = 1;
    for (const auto& [id, text] : working_) {
      if (lines_ > 8) break;
      *console_.out << "  " << text.substr(0, static_cast<size_t>(std::max(20, console_.width - 3))) << "\n";
      ++lines_;
    }
    console_.out->flush();
  }

  const size_t total_;
  const Console& console_;
  std::mutex mutex_;  // of all that follows and of both streams
  std::map<int64_t, std::string> states_;
  std::map<int64_t, std::string> working_;
  size_t over_ = 0;
  int lines_ = 0;
  bool cleared_ = false;
};

/// What Ctrl-C does to a run: the first cancels it, the second leaves it alone and ends the program.
class Cancelling {
 public:
  Cancelling(Client& client, std::string run, Display& display)
      : client_(client), run_(std::move(run)), display_(display), interrupts_([this](int seen) { Pressed(seen); }) {}

 private:
  void Pressed(int seen) {
    if (seen == 1) {
      display_.Say(fmt::format("cancelling {}: no new call is made; press Ctrl-C again to detach", run_));
      asking_ = std::async(std::launch::async, [this] {
        const Status status = client_.Cancel(run_);
        if (!status.ok()) display_.Say("error: " + status.message());
      });
    } else {
      display_.Clear();
      display_.Say(fmt::format("detached; the run goes on stopping: tandem get runs {}", run_));
      _exit(kExitCancelled);
    }
  }

  Client& client_;
  const std::string run_;
  Display& display_;
  std::future<void> asking_;  // beside the next Ctrl-C, which a daemon that hangs does not hold up
  Interrupts interrupts_;     // the last: it is not pressed before all is there
};

/// Shows `run` until it is over, with how it ended in `last`. kDeadlineExceeded: `deadline` passed before that.
Status AwaitEnd(Client& client, const std::string& run,
                std::optional<std::chrono::system_clock::time_point> deadline, Display& display,
                api::v1::RunItem& last) {
  const auto over = [&] { return !last.state().empty() && last.state() != "open" && last.state() != "stopping"; };
  while (true) {
    // How it stands, and then everything since: a run may end before the watch begins.
    const auto now = client.GetRun(run);
    if (!now.ok()) return now.status();
    for (const api::v1::StepItem& step : now->steps()) display.Show(step);
    last = now->run();
    if (over()) return OkStatus();
    api::v1::WatchRequest request;
    request.set_run(run);
    request.set_after(now->sequence());
    const Status status = client.Watch(request, deadline, [&](const api::v1::ChangeReply& change) {
      if (change.has_step() && change.step().run() == run) display.Show(change.step());
      if (change.has_event() && change.event().run() == run && change.event().reason() == "StoreTroubled")
        display.Say("warning: " + change.event().message());
      if (change.has_run() && change.run().id() == run) last = change.run();
      return !over();
    });
    if (over()) return OkStatus();
    const bool missed = status.code() == Code::kOutOfRange || status.code() == Code::kResourceExhausted;
    if (!status.ok() && !missed) return status;
    std::this_thread::sleep_for(kWatchAgain);
  }
}

}  // namespace

int FollowRun(Client& client, const std::string& run, size_t steps, std::optional<Duration> timeout,
              const Console& console) {
  std::optional<std::chrono::system_clock::time_point> deadline;
  if (timeout.has_value()) deadline = std::chrono::system_clock::now() + *timeout;
  *console.out << fmt::format("Run {} started\n", run) << std::flush;
  Status awaited;
  api::v1::RunItem ended;
  {
    Display display(steps, console);
    const Cancelling cancelling(client, run, display);
    awaited = AwaitEnd(client, run, deadline, display, ended);
  }
  if (awaited.code() == Code::kDeadlineExceeded && timeout.has_value()) {
    *console.err << fmt::format("timed out after {}; the run goes on: tandem get runs {}\n",
                                FormatDuration(*timeout), run);
    return kExitTimeout;
  }
  if (!awaited.ok()) return FailCall(awaited, console);
  if (const auto last = client.GetRun(run); last.ok()) {
    std::map<std::string, int> counts;
    for (const api::v1::StepItem& step : last->steps()) ++counts[step.state()];
    std::string text;
    for (const auto& [name, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
    *console.out << fmt::format("Run {} {}: {}{}\n", run, ended.state(), text.empty() ? "no steps" : text,
                                ended.message().empty() ? "" : " (" + Printable(ended.message()) + ")");
  }
  if (ended.state() == "succeeded") return kExitOk;
  if (ended.state() == "cancelled") return kExitCancelled;
  return kExitResource;
}

}  // namespace tandem
