// A server on 127.0.0.1 that does to each connection exactly what a test says, TLS or not.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tandem/base/check.h"

namespace tandem::testing {

/// One accepted connection, seen from the server.
class Peer {
 public:
  Peer(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  ~Peer() {
    SSL_free(ssl_);
    if (fd_ >= 0) close(fd_);
  }
  Peer(const Peer&) = delete;

  /// Head and body of the next request as they came, or "" at the end of the connection.
  std::string ReadRequest() {
    while (true) {
      size_t end = pending_.find("\r\n\r\n");
      if (end != std::string::npos) {
        size_t size = end + 4 + BodySize(pending_.substr(0, end + 2));
        if (pending_.size() >= size) {
          std::string request = pending_.substr(0, size);
          pending_.erase(0, size);
          return request;
        }
      }
      char buffer[16 * 1024];
      ssize_t count =
          ssl_ ? SSL_read(ssl_, buffer, sizeof buffer) : recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) return "";
      pending_.append(buffer, static_cast<size_t>(count));
    }
  }

  /// False if the other side has gone.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t count = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                           : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }

  /// Says that TLS ends, as a server does before it hangs up.
  void EndTls() { SSL_shutdown(ssl_); }

  /// Ends the connection with a reset.
  void Reset() {
    linger hard = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd_);
    fd_ = -1;
  }

  /// Waits until the client hangs up.
  void AwaitEnd() {
    while (!ReadRequest().empty()) {
    }
  }

 private:
  static size_t BodySize(std::string head) {
    for (char& c : head) c = static_cast<char>(tolower(c));
    size_t at = head.find("\r\ncontent-length:");
    return at == std::string::npos ? 0 : strtoul(head.c_str() + at + 17, nullptr, 10);
  }

  int fd_;
  SSL* ssl_;
  std::string pending_;
};

class LocalServer {
 public:
  /// `serve` runs once for each connection, on a thread of its own; the connection ends with it.
  explicit LocalServer(std::function<void(Peer&)> serve, SSL_CTX* tls = nullptr)
      : serve_(std::move(serve)), tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TANDEM_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    TANDEM_CHECK(listen(listener_, 64) == 0);
    socklen_t size = sizeof address;
    TANDEM_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~LocalServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (int fd : watched_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (int fd : watched_) close(fd);
    close(listener_);
  }

  int port() const { return port_; }
  int connections() const { return connections_; }
  std::string Url(std::string_view target = "/", std::string_view host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + std::string(host) + ":" + std::to_string(port_) +
           std::string(target);
  }

 private:
  void Accept() {
    while (true) {
      int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 || stopping_) {
        if (fd >= 0) close(fd);
        return;
      }
      ++connections_;
      std::lock_guard<std::mutex> lock(mutex_);
      // A second descriptor of the connection lets the destructor end it without a race.
      watched_.push_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
      int watched = watched_.back();
      threads_.emplace_back([this, fd, watched] {
        bool greeted = true;
        SSL* ssl = nullptr;
        if (tls_ != nullptr) {
          ssl = SSL_new(tls_);
          SSL_set_fd(ssl, fd);
          greeted = SSL_accept(ssl) == 1;
        }
        {
          Peer peer(fd, ssl);
          if (greeted) serve_(peer);
        }
        shutdown(watched, SHUT_RDWR);
      });
    }
  }

  std::function<void(Peer&)> serve_;
  SSL_CTX* tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<int> watched_;
  std::vector<std::thread> threads_;
};

/// An answer with a Content-Length.
inline std::string Answer(int status, std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Answers every request of every connection.
inline std::function<void(Peer&)> AnswerAll(std::function<std::string(const std::string&)> answer) {
  return [answer = std::move(answer)](Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();) {
      if (!peer.Send(answer(request))) return;
    }
  };
}

/// A port on 127.0.0.1 where nobody listens.
inline int ClosedPort() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  TANDEM_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  TANDEM_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace tandem::testing
