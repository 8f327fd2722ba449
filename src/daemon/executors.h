// The daemon's threads: a pool for work that would hold up the engine, one thread in order for the disk,
// and the engine's own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tandem/compile/compile.h"
#include "tandem/engine/engine.h"
#include "tandem/engine/executor.h"

namespace tandem {

/// Threads that take jobs in order. With one thread they run one after the other. The destructor runs
/// what is queued, then ends the threads.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(size_t threads);
  ~ThreadPool() override;
  void Run(std::function<void()> work) override;
  /// Returns when what was queued before has run. For a pool of one thread.
  void Drain();

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// A ParallelFor on short-lived threads, the caller's among them.
ParallelFor ParallelOn(size_t threads);

/// Turns an engine until it is stopped.
class EngineThread {
 public:
  explicit EngineThread(Engine& engine, const Clock& clock);
  ~EngineThread() { Stop(); }
  void Stop();

 private:
  /// A thread that hands in work may still be about to wake this one when it has ended.
  struct Signal {
    std::mutex mutex;
    std::condition_variable wake;
    bool work = true;
    bool stopping = false;
  };
  void Loop();

  Engine& engine_;
  const Clock& clock_;
  const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  std::thread thread_;
};

}  // namespace tandem
