#include "cli/run_progress.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <ostream>
#include <thread>

#include "tandem/base/clock.h"

namespace tandem {
namespace {
constexpr std::chrono::milliseconds kWatchAgain{100};  // after a watch that the server ended

sigset_t InterruptSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

/// Takes Ctrl-C while a run is followed.
class Interrupts {
 public:
  Interrupts(Client& client, std::string run, const Console& console)
      : client_(client), run_(std::move(run)), console_(console), thread_([this] { Wait(); }) {}
  ~Interrupts() {
    done_ = true;
    thread_.join();
  }

 private:
  void Wait() {
    const sigset_t set = InterruptSet();
    int seen = 0;
    while (!done_) {
      const timespec slice{0, 100'000'000};
      if (sigtimedwait(&set, nullptr, &slice) != SIGINT) continue;
      if (++seen == 1) {
        *console_.err << fmt::format("\ncancelling {}: no new call is made; press Ctrl-C again to detach\n", run_);
        console_.err->flush();
        const Status status = client_.Cancel(run_);
        if (!status.ok()) *console_.err << "error: " << status.message() << "\n";
      } else {
        *console_.err << fmt::format("detached; the run goes on stopping: tandem get runs {}\n", run_);
        console_.err->flush();
        _exit(kExitCancelled);
      }
    }
  }

  Client& client_;
  const std::string run_;
  const Console& console_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

bool IsDone(const std::string& state) { return state == "settled" || state == "verified"; }

bool IsOver(const std::string& state) {
  return IsDone(state) || state == "failed" || state == "blocked" || state == "void" ||
         state == "cancelled";
}

class Display {
 public:
  Display(size_t steps, const Console& console) : total_(steps), console_(console) {}
  ~Display() { Erase(); }

  void Show(const api::v1::StepItem& step) {
    std::string& state = states_[step.id()];
    if (state == step.state()) return;
    const bool was_over = IsOver(state);
    state = step.state();
    if (IsOver(state) && !was_over) {
      ++over_;
      Erase();
      const char* sign = IsDone(state) ? "✓" : state == "cancelled" ? "·" : "✗";
      *console_.out << fmt::format("{} {} {}{}{}\n", Colored(sign, IsDone(state) ? 32 : 31), step.action(),
                                   step.address(), IsDone(state) ? "" : ": " + state,
                                   step.error().empty() ? "" : " (" + step.error() + ")");
      console_.out->flush();  // a log is read while the run goes on
      working_.erase(step.id());
    } else if (!IsOver(state) && state != "pending") {
      working_[step.id()] = fmt::format("{} {}: {}", step.action(), step.address(), state);
    }
    Draw();
  }
  /// Something that holds up the whole run.
  void Warn(const std::string& message) {
    Erase();
    *console_.err << "warning: " << message << std::endl;
    Draw();
  }

 private:
  std::string Colored(const char* text, int color) const {
    return console_.color ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
  }
  void Erase() {
    if (!console_.out_is_terminal) return;
    for (; lines_ > 0; --lines_) *console_.out << "\x1b[1A\x1b[2K";
    console_.out->flush();
  }
  void Draw() {
    if (!console_.out_is_terminal) return;
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
  std::map<int64_t, std::string> states_;
  std::map<int64_t, std::string> working_;
  size_t over_ = 0;
  int lines_ = 0;
};

}  // namespace

void HoldInterrupts() {
  const sigset_t set = InterruptSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int FollowRun(Client& client, const std::string& run, size_t steps, std::optional<Duration> timeout,
              const Console& console) {
  std::optional<std::chrono::system_clock::time_point> deadline;
  if (timeout.has_value()) deadline = std::chrono::system_clock::now() + *timeout;
  *console.out << fmt::format("Run {} started\n", run) << std::flush;
  const Interrupts interrupts(client, run, console);
  std::string state;
  std::string message;
  {
    Display display(steps, console);
    const auto over = [&] { return !state.empty() && state != "open" && state != "stopping"; };
    while (true) {
      // How it stands, and then everything since: a run may end before the watch begins.
      const auto now = client.GetRun(run);
      if (!now.ok()) return FailCall(now.status(), console);
      for (const api::v1::StepItem& step : now->steps()) display.Show(step);
      state = now->run().state();
      message = now->run().message();
      if (over()) break;
      api::v1::WatchRequest request;
      request.set_run(run);
      request.set_after(now->sequence());
      const Status status = client.Watch(request, deadline, [&](const api::v1::ChangeReply& change) {
        if (change.has_step() && change.step().run() == run) display.Show(change.step());
        if (change.has_event() && change.event().run() == run && change.event().reason() == "StoreTroubled")
          display.Warn(change.event().message());
        if (change.has_run() && change.run().id() == run) {
          state = change.run().state();
          message = change.run().message();
        }
        return !over();
      });
      if (over()) break;
      if (status.code() == Code::kDeadlineExceeded) {
        *console.err << fmt::format("timed out after {}; the run goes on: tandem get runs {}\n",
                                    FormatDuration(*timeout), run);
        return kExitTimeout;
      }
      const bool missed = status.code() == Code::kOutOfRange || status.code() == Code::kResourceExhausted;
      if (!status.ok() && !missed) return FailCall(status, console);
      std::this_thread::sleep_for(kWatchAgain);
    }
  }
  if (const auto last = client.GetRun(run); last.ok()) {
    std::map<std::string, int> counts;
    for (const api::v1::StepItem& step : last->steps()) ++counts[step.state()];
    std::string text;
    for (const auto& [name, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
    *console.out << fmt::format("Run {} {}: {}{}\n", run, state, text.empty() ? "no steps" : text,
                                message.empty() ? "" : " (" + message + ")");
  }
  if (state == "succeeded") return kExitOk;
  if (state == "cancelled") return kExitCancelled;
  return kExitResource;
}

}  // namespace tandem
