#include "http/exchange.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace tandem::http {
namespace {

constexpr size_t kMaxHeadBytes = 128 * 1024;
// httplib matches the status line with a regular expression, whose stack grows with the line.
constexpr size_t kMaxHeadLineBytes = 8 * 1024;
constexpr size_t kMaxTargetBytes = 64 * 1024;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kSpecial = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSpecial.find(c) != std::string_view::npos;
  });
}

// The connection as httplib sees it. Remembers the head of the answer, because httplib unescapes
// the values of headers and we hand them on as received.
class WireStream final : public httplib::Stream {
 public:
  WireStream(Connection& connection, size_t max_body_bytes, const Patience& patience)
      : connection_(connection),
        // The lines between tiny chunks may outweigh them, but not without end.
        max_raw_bytes_(8 * max_body_bytes + 64 * 1024),
        patience_(patience) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  ssize_t read(char* to, size_t size) override {
    if (begin_ == end_) {
      Result<size_t> count = connection_.Read(buffer_, sizeof buffer_, patience_);
      if (!count.ok()) {
        status_ = count.status();
        return -1;
      }
      if (*count == 0) {
        ended_ = true;
        return 0;
      }
      begin_ = 0;
      end_ = *count;
    }
    size_t count = std::min(size, end_ - begin_);
    std::copy_n(buffer_ + begin_, count, to);
    begin_ += count;
    if (in_head_ ? !TakeHead({to, count}) : !TakeBody({to, count})) {
      status_ = ResourceExhausted("the answer is too large");
      return -1;
    }
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    status_ = connection_.Write({from, size}, patience_);
    return status_.ok() ? static_cast<ssize_t>(size) : -1;
  }

  void EndHead() { in_head_ = false; }
  const std::string& head() const { return head_; }
  const std::string& tail() const { return tail_; }
  const Status& status() const { return status_; }
  bool ended() const { return ended_; }
  bool drained() const { return begin_ == end_; }

 private:
  bool TakeHead(std::string_view bytes) {
    head_.append(bytes);
    for (char c : bytes) line_bytes_ = c == '\n' ? 0 : line_bytes_ + 1;
    return head_.size() <= kMaxHeadBytes && line_bytes_ <= kMaxHeadLineBytes;
  }

  bool TakeBody(std::string_view bytes) {
    tail_.append(bytes.substr(bytes.size() - std::min<size_t>(bytes.size(), 4)));
    if (tail_.size() > 4) tail_.erase(0, tail_.size() - 4);
    raw_bytes_ += bytes.size();
    return raw_bytes_ <= max_raw_bytes_;
  }

  Connection& connection_;
  const size_t max_raw_bytes_;
  const Patience& patience_;
  char buffer_[16 * 1024];
  size_t begin_ = 0;
  size_t end_ = 0;
  bool in_head_ = true;
  bool ended_ = false;
  std::string head_;
  size_t line_bytes_ = 0;
  std::string tail_;      // the last four bytes after the head
  size_t raw_bytes_ = 0;  // after the head
  Status status_;
};

// httplib's client without its connections: it frames what goes over a stream of ours, so none of
// its reconnecting, redirecting or resolving is ever reached.
class Framing final : public httplib::ClientImpl {
 public:
  Framing() : ClientImpl("unused.invalid", 80) {
    set_url_encode(false);
    set_decompress(false);
    set_follow_location(false);
    set_keep_alive(true);
  }

  /// False if the answer is incomplete or no HTTP.
  bool Run(httplib::Stream& stream, httplib::Request& request, httplib::Response& response) {
    httplib::Error error = httplib::Error::Success;
    try {
      return process_request(stream, request, response, /*close_connection=*/false, error);
    } catch (const std::exception&) {
      return false;
    }
  }
};

// How an answer says where its body ends.
struct BodyEnd {
  bool chunked = false;
  bool length = false;
  bool nonsense = false;  // lengths that differ or are no numbers, codings that nobody asked for
};

BodyEnd EndOf(const HttpHeaders& headers) {
  BodyEnd end;
  std::string_view length;
  for (const auto& [name, value] : headers) {
    if (SameName(name, "Transfer-Encoding")) {
      end.chunked = true;
      if (!SameName(value, "chunked")) end.nonsense = true;
    }
    if (SameName(name, "Content-Length")) {
      if (end.length && length != value) end.nonsense = true;
      end.length = true;
      length = value;
      uint64_t number = 0;
      auto [last, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || last != value.data() + value.size()) end.nonsense = true;
    }
  }
  return end;
}

bool HasToken(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  for (const auto& [key, value] : headers) {
    if (!SameName(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      size_t comma = std::min(rest.find(','), rest.size());
      if (SameName(Trim(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

httplib::Request ToHttplib(const HttpRequest& request, std::string_view user_agent) {
  httplib::Request out;
  out.method = request.method;
  out.path = request.url.target;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  auto add_if_missing = [&out](const char* name, std::string value) {
    if (!out.has_header(name)) out.headers.emplace(name, std::move(value));
  };
  add_if_missing("Host", request.url.origin.Authority());
  add_if_missing("User-Agent", std::string(user_agent));
  add_if_missing("Accept-Encoding", "identity");
  out.body = request.body;
  return out;
}

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

bool ParseHead(std::string_view head, bool* http11, HttpHeaders* headers) {
  // The last block is the answer's; blocks before it are interim.
  std::string_view block;
  while (!head.empty()) {
    size_t end = head.find("\r\n\r\n");
    std::string_view next = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 4);
    if (!next.empty()) block = next;
  }
  if (block.empty()) return false;
  size_t line_end = std::min(block.find('\n'), block.size());
  *http11 = block.substr(0, line_end).starts_with("HTTP/1.1");
  block.remove_prefix(std::min(line_end + 1, block.size()));
  while (!block.empty()) {
    line_end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, line_end);
    block.remove_prefix(std::min(line_end + 1, block.size()));
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) continue;
    headers->emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }
  return true;
}

Status CheckRequest(const HttpRequest& request) {
  if (!IsToken(request.method)) return InvalidArgument("the request's method is malformed");
  if (request.method == "CONNECT") return InvalidArgument("CONNECT is not for requests");
  const std::string& target = request.url.target;
  if (target.empty() || target.front() != '/') {
    return InvalidArgument("the request's target does not start with /");
  }
  if (target.size() > kMaxTargetBytes) return InvalidArgument("the request's target is too long");
  for (char c : target) {
    if (c <= ' ' || c > '~') {
      return InvalidArgument("the request's target has a character that must be escaped");
    }
  }
  if (request.url.origin.host.empty()) return InvalidArgument("the request has no host");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return InvalidArgument("the name of a header is malformed");
    for (std::string_view ours : {"Connection", "Transfer-Encoding", "Expect"}) {
      if (SameName(name, ours)) {
        return InvalidArgument(fmt::format("the header {} is the client's own", name));
      }
    }
    if (SameName(name, "Content-Length") && value != std::to_string(request.body.size())) {
      return InvalidArgument("the header Content-Length contradicts the body");
    }
    for (char c : value) {
      if ((c >= 0 && c < ' ' && c != '\t') || c == 0x7f) {
        return InvalidArgument(fmt::format("the header {} has a control character", name));
      }
    }
  }
  return OkStatus();
}

Exchanged Exchange(Connection& connection, const HttpRequest& request, std::string_view user_agent,
                   size_t max_response_bytes, const Patience& patience) {
  Exchanged result;
  WireStream stream(connection, max_response_bytes, patience);
  httplib::Request out = ToHttplib(request, user_agent);
  httplib::Response in;
  bool bodyless = false;
  bool too_large = false;
  std::string body;
  out.response_handler = [&](const httplib::Response& head) {
    stream.EndHead();
    // 304 never has a body, though it may tell a length; httplib would wait for it.
    bodyless = head.status == 304;
    return !bodyless;
  };
  out.content_receiver = [&](const char* bytes, size_t size, uint64_t, uint64_t) {
    too_large = body.size() + size > max_response_bytes;
    if (!too_large) body.append(bytes, size);
    return !too_large;
  };
  bool done = Framing().Run(stream, out, in);
  if (!done && !bodyless) {
    if (too_large) {
      result.status =
          ResourceExhausted(fmt::format("the answer is larger than {} bytes", max_response_bytes));
    } else if (!stream.status().ok()) {
      result.status = stream.status();
    } else if (stream.ended()) {
      result.status =
          Unavailable(stream.head().empty() ? "the server hung up without an answer"
                                            : "the server hung up in the middle of its answer");
    } else {
      result.status = Status(Code::kUnknown, "the answer is no HTTP");
    }
    return result;
  }
  bool http11 = false;
  if (in.status < 200 || in.status > 599 ||
      !ParseHead(stream.head(), &http11, &result.response.headers)) {
    result.status = Status(Code::kUnknown, "the answer is no HTTP");
    return result;
  }
  BodyEnd end = EndOf(result.response.headers);
  bodyless = bodyless || in.status == 204 || request.method == "HEAD";
  // httplib takes a chunk that does not end where it should for the last one.
  if (!bodyless && (end.nonsense || (end.chunked && !stream.tail().ends_with("\r\n\r\n")))) {
    result.status = Status(Code::kUnknown, "it is unclear where the answer ends");
    return result;
  }
  result.response.status = in.status;
  result.response.body = std::move(body);
  bool at_end = bodyless || end.chunked != end.length;
  result.reusable = http11 && at_end && !end.nonsense && stream.drained() && !stream.ended() &&
                    !HasToken(result.response.headers, "Connection", "close");
  return result;
}

}  // namespace tandem::http
