#include "tandem/model/secret_uri.h"

#include <fmt/format.h>

namespace tandem {
namespace {

// No message quotes the text: it may be a secret that was written where its URI belongs.

struct Later {
  std::string_view scheme;
  std::string_view server;
};
constexpr Later kLater[] = {{"vault", "an Account with provider: vault"},
                            {"aws-sm", "an Account with provider: aws"},
                            {"gcp-sm", "an Account with provider: gcp"},
                            {"k8s", "an Account with provider: kubernetes"}};

}  // namespace

Result<SecretUri> ParseSecretUri(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return InvalidArgument("a secret's URI holds a NUL byte");
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return InvalidArgument(
        "this is not a secret's URI; write env:NAME or file:/path#key");
  SecretUri uri;
  uri.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  if (uri.scheme == "env") {
    for (size_t i = 0; i < rest.size(); ++i) {
      const char c = rest[i];
      const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
      if (!letter && (i == 0 || c < '0' || c > '9'))
        return InvalidArgument("what follows env: is not the name of an environment variable");
    }
    uri.rest = rest;
    return uri;
  }
  if (uri.scheme == "file") {
    const size_t hash = rest.find('#');
    uri.rest = rest.substr(0, hash);
    if (hash != std::string_view::npos) uri.key = rest.substr(hash + 1);
    if (uri.rest.size() < 2 || uri.rest[0] != '/')
      return InvalidArgument("what follows file: must be an absolute path: file:/path#key");
    return uri;
  }
  for (const Later& later : kLater)
    if (later.scheme == uri.scheme)
      return InvalidArgument(fmt::format(
          "secrets from '{}:' are not served yet; {} will serve them. Served are env: and file:",
          uri.scheme, later.server));
  return InvalidArgument("no source of secrets has this name; served are env: and file:");
}

bool IsSecretUri(std::string_view text) {
  for (const Later& later : kLater)
    if (text.size() > later.scheme.size() && text.substr(0, later.scheme.size()) == later.scheme &&
        text[later.scheme.size()] == ':')
      return true;
  return ParseSecretUri(text).ok();
}

}  // namespace tandem
