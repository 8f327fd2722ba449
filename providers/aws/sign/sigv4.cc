#include "providers/aws/sign/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "providers/aws/wire/encoding.h"
#include "tandem/base/hash.h"

namespace tandem::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string_view Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// "20150830T123600Z".
std::string CompactTime(Time time) {
  std::string out;
  for (const char c : FormatTime(time))
    if (c != '-' && c != ':') out += c;
  return out;
}

/// The path without empty and dot segments (RFC 3986, 5.2.4), a final slash kept.
std::string WithoutDots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool slash = !path.empty() && path.back() == '/';
  while (!path.empty()) {
    const size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  std::string out;
  for (const std::string_view segment : kept) out += "/" + std::string(segment);
  if (out.empty() || slash) out += '/';
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const size_t equals = pair.find('=');
    if (!pair.empty()) {
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      pairs.emplace_back(PercentEncode(PercentDecode(pair.substr(0, equals))),
                         PercentEncode(PercentDecode(value)));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

/// Spaces and line breaks at the ends removed, inside as one space.
std::string CanonicalHeaderValue(std::string_view value) {
  std::string out;
  bool space = false;
  for (const char c : Trimmed(value)) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      space = true;
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

void RemoveHeader(Headers& headers, std::string_view name) {
  headers.erase(std::remove_if(
                    headers.begin(), headers.end(),
                    [&](const auto& header) { return EqualsIgnoringCase(header.first, name); }),
                headers.end());
}

}  // namespace

Signature ComputeSignature(WireRequest& request, const SigningKeys& keys, const SigningScope& scope,
                           const SigningRules& rules) {
  const std::string time = CompactTime(scope.time);
  const std::string date = time.substr(0, 8);
  if (FindHeader(request.headers, "X-Amz-Date") == nullptr)
    request.headers.emplace_back("X-Amz-Date", time);
  const bool token = !keys.token.empty();
  if (token && FindHeader(request.headers, "X-Amz-Security-Token") == nullptr)
    request.headers.emplace_back("X-Amz-Security-Token", keys.token);

  std::map<std::string, std::string> headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::string lower = LowerCase(name);
    if (lower == "authorization") return;
    if (lower == "x-amz-security-token" && !rules.sign_token) return;
    auto [found, fresh] = headers.emplace(lower, CanonicalHeaderValue(value));
    if (!fresh) found->second += "," + CanonicalHeaderValue(value);
  };
  for (const auto& [name, value] : request.headers) add(name, value);
  if (headers.count("host") == 0 && !request.host.empty()) add("host", request.host);

  const size_t question = request.uri.find('?');
  const std::string path = request.uri.substr(0, question);
  const std::string canonical_path =
      rules.normalize_path ? PercentEncode(WithoutDots(path), "/") : path;
  Signature signature;
  signature.canonical_request = fmt::format(
      "{}\n{}\n{}\n", request.method, canonical_path,
      CanonicalQuery(question == std::string::npos
                         ? std::string_view()
                         : std::string_view(request.uri).substr(question + 1)));
  std::string names;
  for (const auto& [name, value] : headers) {
    signature.canonical_request += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  // A payload digest that the request states (S3's "UNSIGNED-PAYLOAD") is the one that counts.
  const std::string* stated = FindHeader(request.headers, "X-Amz-Content-Sha256");
  signature.canonical_request +=
      "\n" + names + "\n" + (stated != nullptr ? *stated : Hex(Sha256(request.body)));

  const std::string credential =
      fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  signature.string_to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, credential,
                                         Hex(Sha256(signature.canonical_request)));
  const Digest day = HmacSha256("AWS4" + keys.secret_key, date);
  const Digest region = HmacSha256(Bytes(day), scope.region);
  const Digest service = HmacSha256(Bytes(region), scope.service);
  const Digest key = HmacSha256(Bytes(service), "aws4_request");
  signature.authorization =
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                  keys.access_key, credential, names,
                  Hex(HmacSha256(Bytes(key), signature.string_to_sign)));
  return signature;
}

void Sign(WireRequest& request, const SigningKeys& keys, const SigningScope& scope,
          const SigningRules& rules) {
  for (const char* name : {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"})
    RemoveHeader(request.headers, name);
  Signature signature = ComputeSignature(request, keys, scope, rules);
  request.headers.emplace_back("Authorization", std::move(signature.authorization));
}

}  // namespace tandem::aws
