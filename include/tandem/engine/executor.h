// Where work runs that would hold up a turn of the engine: parsing, planning, scanning.
#pragma once

#include <functional>

namespace tandem {

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `work` some time, on any thread. The pool's lives in the daemon; tests run it at once or when
  /// asked.
  virtual void Run(std::function<void()> work) = 0;
};

/// Runs everything inside Run(), on the caller's thread.
class InlineExecutor final : public Executor {
 public:
  void Run(std::function<void()> work) override { work(); }
};

}  // namespace tandem
