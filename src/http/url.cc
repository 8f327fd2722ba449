#include "tandem/http/url.h"

#include <fmt/format.h>

#include <charconv>

namespace tandem {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool IsAddress6Character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

// "host", "host:port", "[v6]" or "[v6]:port".
Status ReadAuthority(std::string_view text, HttpOrigin* origin) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text.front() == '[') {
    size_t end = text.find(']');
    if (end == std::string_view::npos) return InvalidArgument("a URL lacks the ']' after its host");
    host = text.substr(1, end - 1);
    std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return InvalidArgument("a URL's host is malformed");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return InvalidArgument("a URL has no host");
  if (host.size() > 253) return InvalidArgument("a URL's host is longer than 253 characters");
  bool address6 = text.front() == '[';
  for (char c : host) {
    c = Lower(c);
    if (address6 ? !IsAddress6Character(c) : !IsHostCharacter(c)) {
      return InvalidArgument("a URL's host has a character that no host name has");
    }
    origin->host += c;
  }
  origin->port = origin->tls ? 443 : 80;
  if (!has_port) return OkStatus();
  int number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || number < 1 ||
      number > 65535) {
    return InvalidArgument("a URL's port is not a number from 1 to 65535");
  }
  origin->port = number;
  return OkStatus();
}

}  // namespace

std::string HttpOrigin::Authority() const {
  std::string name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  if (port == (tls ? 443 : 80)) return name;
  return fmt::format("{}:{}", name, port);
}

std::string HttpOrigin::ToString() const {
  return fmt::format("{}://{}", tls ? "https" : "http", Authority());
}

Result<HttpUrl> ParseHttpUrl(std::string_view text) {
  for (char c : text) {
    if (c <= ' ' || c > '~') {
      return InvalidArgument("a URL has a space, a control or a non-ASCII character");
    }
  }
  size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return InvalidArgument("a URL does not start with http:// or https://");
  }
  std::string scheme;
  for (char c : text.substr(0, colon)) scheme += Lower(c);
  HttpUrl url;
  if (scheme != "http" && scheme != "https") {
    return InvalidArgument("a URL does not start with http:// or https://");
  }
  url.origin.tls = scheme == "https";
  text.remove_prefix(colon + 3);
  if (text.find('#') != std::string_view::npos) return InvalidArgument("a URL has a fragment (#)");
  size_t end = std::min(text.find('/'), text.find('?'));
  std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return InvalidArgument("a URL has a user name: credentials do not belong there");
  }
  TANDEM_RETURN_IF_ERROR(ReadAuthority(authority, &url.origin));
  if (end != std::string_view::npos) {
    url.target = text.substr(end);
    if (url.target.front() == '?') url.target.insert(0, "/");
  }
  return url;
}

}  // namespace tandem
