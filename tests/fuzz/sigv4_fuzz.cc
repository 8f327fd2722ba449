// Any bytes as a request to sign. Input: lines of method, target, host, "name: value" headers, a blank line, body.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "providers/aws/sign/sigv4.h"
#include "tandem/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 16 << 10) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = [&input] {
    const std::string_view text = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), text.size() + 1));
    return std::string(text);
  };
  tandem::aws::WireRequest request;
  request.method = line();
  request.uri = line();
  request.host = line();
  for (std::string header = line(); !header.empty(); header = line()) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) break;
    // Names are those of API descriptions; values may be anything.
    if (!std::all_of(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        }))
      break;
    request.headers.emplace_back(header.substr(0, colon), header.substr(colon + 1));
  }
  request.body = std::string(input);
  const tandem::aws::SigningKeys keys{"AKIDEXAMPLE", "secret-that-must-not-show", "session"};
  // The names of headers are signed in lower case.
  std::string lower(reinterpret_cast<const char*>(data), size);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const tandem::aws::SigningScope scope{"us-east-1", "svc", tandem::Time(std::chrono::hours(480'000))};
  for (const bool normalize : {false, true}) {
    const tandem::aws::SigningRules rules{normalize, normalize};
    tandem::aws::WireRequest first = request, second = request;
    const tandem::aws::Signature a = tandem::aws::ComputeSignature(first, keys, scope, rules);
    const tandem::aws::Signature b = tandem::aws::ComputeSignature(second, keys, scope, rules);
    TANDEM_CHECK(a.authorization == b.authorization && a.canonical_request == b.canonical_request);
    TANDEM_CHECK(a.authorization.find(keys.secret_key) == std::string::npos || lower.find(keys.secret_key) != std::string::npos);
    // Nothing in a value can make another line of what is signed.
    for (const char c : a.authorization) TANDEM_CHECK(c != '\r' && c != '\0');
    // Signing again replaces what was added.
    tandem::aws::WireRequest again = request;
    tandem::aws::Sign(again, keys, scope, rules);
    const std::string once = *tandem::aws::FindHeader(again.headers, "authorization");
    tandem::aws::Sign(again, keys, scope, rules);
    TANDEM_CHECK(*tandem::aws::FindHeader(again.headers, "authorization") == once);
  }
  return 0;
}
