#include "http/resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>

#include "tandem/base/lock.h"

namespace tandem::http {
namespace {

constexpr size_t kMaxThreads = 4;
constexpr size_t kMaxQuestions = 256;
constexpr size_t kMaxAddresses = 16;

Status LookUp(const std::string& host, int port, std::vector<IpAddress>* addresses) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return Unavailable(fmt::format("cannot resolve {}: {}", host, gai_strerror(error)));
  }
  for (addrinfo* next = found; next != nullptr && addresses->size() < kMaxAddresses;
       next = next->ai_next) {
    if (next->ai_addrlen > sizeof(sockaddr_storage)) continue;
    IpAddress address;
    std::memcpy(&address.socket, next->ai_addr, next->ai_addrlen);
    address.length = next->ai_addrlen;
    addresses->push_back(address);
  }
  freeaddrinfo(found);
  if (addresses->empty()) return Unavailable(fmt::format("{} has no address", host));
  return OkStatus();
}

}  // namespace

Resolver::~Resolver() {
  std::vector<std::thread> threads;
  {
    Lock lock(mutex_);
    stopping_ = true;
    questions_.clear();
    threads.swap(threads_);
  }
  asked_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

Result<std::vector<IpAddress>> Resolver::Resolve(const std::string& host, int port,
                                                 const Patience& patience) {
  if (auto address = ParseIpAddress(host, port)) return std::vector<IpAddress>{*address};
  auto question = std::make_shared<Question>();
  question->host = host;
  question->port = port;
  Lock lock(mutex_);
  if (questions_.size() >= kMaxQuestions) {
    return Unavailable(fmt::format("cannot resolve {}: too many names wait to be resolved", host));
  }
  questions_.push_back(question);
  if (idle_ < static_cast<int>(questions_.size()) && threads_.size() < kMaxThreads) {
    threads_.emplace_back([this] { Work(); });
  }
  asked_.notify_one();
  bool done = answered_.wait_until(lock, patience.stop(), patience.deadline(),
                                   [&question] { return question->done; });
  if (!done) {
    std::erase(questions_, question);
    lock.unlock();
    Status spent = patience.Check();
    if (spent.ok()) spent = DeadlineExceeded("no time is left");
    return spent.Annotate("resolving " + host);
  }
  if (!question->status.ok()) return question->status;
  return std::move(question->addresses);
}

void Resolver::Work() {
  Lock lock(mutex_);
  while (true) {
    ++idle_;
    asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    --idle_;
    if (stopping_) return;
    std::shared_ptr<Question> question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    std::vector<IpAddress> addresses;
    Status status = LookUp(question->host, question->port, &addresses);
    lock.lock();
    question->status = std::move(status);
    question->addresses = std::move(addresses);
    question->done = true;
    answered_.notify_all();
  }
}

}  // namespace tandem::http
