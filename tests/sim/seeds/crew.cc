#include "tests/sim/seeds/crew.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "tandem/base/check.h"

namespace tandem::seeds {
namespace {

struct Hand {
  pid_t pid = -1;
  int pipe = -1;
  std::string read;               // not taken apart yet
  std::optional<uint64_t> job;    // that it has begun and not ended
};

void WriteAll(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t wrote = write(fd, bytes.data() + at, bytes.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) _exit(3);
    at += static_cast<size_t>(wrote);
  }
}

// A message: number, length (of a beginning: all ones), text.
struct Head {
  uint64_t job;
  uint64_t length;
};
constexpr uint64_t kBegins = ~uint64_t{0};

std::string Message(uint64_t job, uint64_t length, const std::string& text) {
  const Head head{job, length};
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + text;
}

void Start(Hand& hand, std::atomic<uint64_t>& next, uint64_t count,
           const std::function<std::string(uint64_t)>& work) {
  int ends[2];
  TANDEM_CHECK(pipe(ends) == 0);
  std::fflush(stdout);
  hand.pid = fork();
  TANDEM_CHECK(hand.pid >= 0);
  if (hand.pid == 0) {
    close(ends[0]);
    for (uint64_t job = next++; job < count; job = next++) {
      WriteAll(ends[1], Message(job, kBegins, ""));
      const std::string text = work(job);
      WriteAll(ends[1], Message(job, text.size(), text));
    }
    std::fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  hand.pipe = ends[0];
  hand.read.clear();
  hand.job.reset();
}

}  // namespace

int AllHands() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

void ShareOut(uint64_t count, int hands, const std::function<std::string(uint64_t)>& work,
              const std::function<void(uint64_t, bool, std::string)>& done) {
  if (hands <= 1) {
    for (uint64_t job = 0; job < count; ++job) done(job, false, work(job));
    return;
  }
  void* shared = mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TANDEM_CHECK(shared != MAP_FAILED);
  auto* next = new (shared) std::atomic<uint64_t>(0);
  std::vector<Hand> crew(static_cast<size_t>(hands));
  for (Hand& hand : crew) Start(hand, *next, count, work);
  std::map<uint64_t, std::pair<bool, std::string>> ended;  // that wait for an earlier one
  uint64_t told = 0;
  const auto end = [&](uint64_t job, bool died, std::string text) {
    ended[job] = {died, std::move(text)};
    for (auto first = ended.begin(); first != ended.end() && first->first == told;
         first = ended.erase(first), ++told)
      done(told, first->second.first, std::move(first->second.second));
  };
  size_t working = crew.size();
  while (working > 0) {
    std::vector<pollfd> pipes;
    for (const Hand& hand : crew) pipes.push_back({hand.pipe, POLLIN, 0});
    if (poll(pipes.data(), pipes.size(), -1) < 0) continue;
    for (size_t i = 0; i < crew.size(); ++i) {
      if (pipes[i].revents == 0) continue;
      Hand& hand = crew[i];
      char bytes[65536];
      const ssize_t got = read(hand.pipe, bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) {
        hand.read.append(bytes, static_cast<size_t>(got));
        for (Head head; hand.read.size() >= sizeof head;) {
          std::memcpy(&head, hand.read.data(), sizeof head);
          if (head.length == kBegins) {
            hand.job = head.job;
            hand.read.erase(0, sizeof head);
            continue;
          }
          if (hand.read.size() < sizeof head + head.length) break;
          std::string text = hand.read.substr(sizeof head, head.length);
          hand.read.erase(0, sizeof head + head.length);
          hand.job.reset();
          end(head.job, false, std::move(text));
        }
        continue;
      }
      close(hand.pipe);
      hand.pipe = -1;
      int status = 0;
      while (waitpid(hand.pid, &status, 0) < 0 && errno == EINTR) {
      }
      --working;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      if (hand.job)
        end(*hand.job, true,
            WIFSIGNALED(status) ? fmt::format("died: signal {}", WTERMSIG(status))
                                : fmt::format("died: exit {}", WEXITSTATUS(status)));
      Start(hand, *next, count, work);
      ++working;
    }
  }
  munmap(shared, sizeof(std::atomic<uint64_t>));
}

}  // namespace tandem::seeds
