#include "tandem/secrets/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>

#include "tandem/base/hash.h"

namespace tandem {
namespace {

constexpr std::string_view kShown = "(sensitive)";
// Shorter ones stand in other words by chance; replacing them there would spell them out.
constexpr size_t kShortest = 4;
constexpr size_t kPiece = 8;  // of a spelling; what is left of one that was cut shorter tells little

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string Percent(std::string_view bytes, bool all, bool upper) {
  std::string out;
  for (const char c : bytes) {
    if (!all && (IsWord(c) || c == '-' || c == '.' || c == '_' || c == '~')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return out;
}

std::string Escaped(std::string_view bytes, bool slashes) {
  std::string out;
  for (const char c : bytes) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '/': out += slashes ? "\\/" : "/"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string Xml(std::string_view bytes, bool quotes) {
  std::string out;
  for (const char c : bytes) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (quotes && c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

/// What of the base64 of anything that holds `bytes` at `shift` is the same whatever stands around.
std::string Base64Core(std::string_view bytes, size_t shift) {
  const std::string whole = Base64(std::string(shift, '\0') + std::string(bytes));
  const size_t head = shift == 0 ? 0 : shift + 1;
  const size_t last = (bytes.size() + shift) % 3;
  const size_t tail = last == 0 ? 0 : 4 - last;
  return whole.size() <= head + tail ? "" : whole.substr(head, whole.size() - head - tail);
}

void AddSpellings(const std::string& secret, std::set<std::string>& found) {
  found.insert(secret);
  for (const bool flag : {false, true}) {
    found.insert(Escaped(secret, flag));
    found.insert(Xml(secret, flag));
    found.insert(Percent(secret, false, flag));
    found.insert(Percent(secret, true, flag));
  }
  std::string hex = Hex(secret);
  std::vector<std::string> encoded = {hex};
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  encoded.push_back(hex);
  for (const size_t shift : {0, 1, 2}) {
    std::string core = Base64Core(secret, shift);
    encoded.push_back(core);
    std::replace(core.begin(), core.end(), '+', '-');
    std::replace(core.begin(), core.end(), '/', '_');
    encoded.push_back(core);
  }
  for (std::string& spelling : encoded)
    if (spelling.size() >= kPiece) found.insert(std::move(spelling));
}

}  // namespace

std::string RedactSecrets(const std::string& text, const std::vector<std::string>& secrets) {
  std::set<std::string> spellings;
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    if (secret.size() < kShortest) {
      if (text.find(secret) != std::string::npos)
        return "the message is withheld: it may quote a secret";
      continue;
    }
    AddSpellings(secret, spellings);
  }
  if (spellings.empty()) return text;
  // Messages cut what they quote, so every piece of a spelling is looked for.
  std::map<std::string_view, std::vector<size_t>> pieces;
  for (size_t at = 0; at + kPiece <= text.size(); ++at)
    pieces[std::string_view(text).substr(at, kPiece)].push_back(at);
  std::vector<bool> hidden(text.size(), false);
  const auto hide = [&](size_t begin, size_t size) {
    std::fill_n(hidden.begin() + static_cast<std::ptrdiff_t>(begin), size, true);
  };
  for (const std::string& spelling : spellings) {
    if (spelling.size() < kPiece) {
      for (size_t at = text.find(spelling); at != std::string::npos; at = text.find(spelling, at + 1))
        hide(at, spelling.size());
      continue;
    }
    for (size_t at = 0; at + kPiece <= spelling.size(); ++at) {
      const auto found = pieces.find(std::string_view(spelling).substr(at, kPiece));
      if (found == pieces.end()) continue;
      for (const size_t begin : found->second) hide(begin, kPiece);
    }
  }
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!hidden[at]) {
      out += text[at];
    } else if (at == 0 || !hidden[at - 1]) {
      out += kShown;
    }
  }
  return out;
}

}  // namespace tandem
