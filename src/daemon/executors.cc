#include "daemon/executors.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "tandem/base/lock.h"

namespace tandem {
namespace {
constexpr auto kLongJob = std::chrono::milliseconds(50);
}  // namespace

ThreadPool::ThreadPool(size_t threads) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

ThreadPool::~ThreadPool() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run(std::function<void()> work) {
  {
    Lock lock(mutex_);
    jobs_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void ThreadPool::Drain() {
  TANDEM_CHECK(threads_.size() == 1);
  std::promise<void> reached;
  Run([&reached] { reached.set_value(); });
  reached.get_future().wait();
}

void ThreadPool::Loop() {
  Lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    {
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      const auto begin = std::chrono::steady_clock::now();
      job();
      // A plan of many resources leaves as much free memory behind; the system gets it back.
      if (std::chrono::steady_clock::now() - begin > kLongJob) malloc_trim(0);
    }
    lock.lock();
  }
}

ParallelFor ParallelOn(size_t threads) {
  return [threads](size_t count, const std::function<void(size_t)>& work) {
    std::atomic<size_t> next{0};
    const auto take = [&] {
      for (size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(take);
    take();
    for (std::thread& helper : helpers) helper.join();
  };
}

EngineThread::EngineThread(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {
  engine_.OnWork([signal = signal_] {
    {
      Lock lock(signal->mutex);
      signal->work = true;
    }
    signal->wake.notify_one();
  });
  thread_ = std::thread([this] { Loop(); });
}

void EngineThread::Stop() {
  {
    Lock lock(signal_->mutex);
    signal_->stopping = true;
  }
  signal_->wake.notify_one();
  if (thread_.joinable()) thread_.join();
  engine_.OnWork(nullptr);
}

void EngineThread::Loop() {
  while (true) {
    while (engine_.RunOne()) {
      Lock lock(signal_->mutex);
      if (signal_->stopping) return;
    }
    const std::optional<Time> due = engine_.NextDue();
    Lock lock(signal_->mutex);
    const auto awake = [this] { return signal_->stopping || signal_->work; };
    if (due.has_value()) {
      const Duration left = std::max(*due - clock_.Now(), Duration(0));
      signal_->wake.wait_for(lock, left, awake);
    } else {
      signal_->wake.wait(lock, awake);
    }
    if (signal_->stopping) return;
    signal_->work = false;
  }
}

}  // namespace tandem
