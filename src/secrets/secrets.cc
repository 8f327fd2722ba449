#include "tandem/secrets/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tandem/base/hash.h"

namespace tandem {
namespace {

// Copies `value`, giving each Sensitive to `change`. The first failure wins.
template <typename Change>
Result<Value> Rewrite(const Value& value, const Change& change) {
  if (value.is_sensitive()) return change(value.as_sensitive());
  if (value.is_list()) {
    List list;
    list.reserve(value.as_list().size());
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      Result<Value> item = Rewrite(value.as_list()[i], change);
      if (!item.ok()) return item.status().Annotate(fmt::format("[{}]", i));
      list.push_back(std::move(item).value());
    }
    return Value(std::move(list));
  }
  if (value.is_map()) {
    Map map;
    for (const auto& [key, member] : value.as_map()) {
      Result<Value> item = Rewrite(member, change);
      if (!item.ok()) return item.status().Annotate(key);
      map.emplace_hint(map.end(), key, std::move(item).value());
    }
    return Value(std::move(map));
  }
  return value;
}

void Collect(const Value& value, std::set<std::string>& uris) {
  if (value.is_sensitive()) {
    for (const Sensitive::Part& part : value.as_sensitive().parts)
      if (part.secret) uris.insert(part.text);
  } else if (value.is_list()) {
    for (const Value& item : value.as_list()) Collect(item, uris);
  } else if (value.is_map()) {
    for (const auto& [key, member] : value.as_map()) Collect(member, uris);
  }
}

}  // namespace

Result<Value> RevealSecrets(
    const Value& value,
    const std::function<Result<std::string>(const std::string&)>& plaintext_of) {
  return Rewrite(value, [&](const Sensitive& sensitive) -> Result<Value> {
    std::string text;
    for (const Sensitive::Part& part : sensitive.parts) {
      if (!part.secret) {
        text += part.text;
        continue;
      }
      Result<std::string> plaintext = plaintext_of(part.text);
      if (!plaintext.ok()) return plaintext.status();
      text += *plaintext;
    }
    return Value(std::move(text));
  });
}

std::vector<std::string> SecretUris(const Value& value) {
  std::set<std::string> uris;
  Collect(value, uris);
  return {uris.begin(), uris.end()};
}

Result<Value> DigestSecrets(const Value& value, std::string_view key,
                            const std::function<Result<SecretWorth>(const std::string&)>& worth_of) {
  return Rewrite(value, [&](const Sensitive& sensitive) -> Result<Value> {
    std::string text;
    std::vector<std::string> versions;
    for (const Sensitive::Part& part : sensitive.parts) {
      if (!part.secret) {
        text += part.text;
        continue;
      }
      Result<SecretWorth> worth = worth_of(part.text);
      if (!worth.ok()) return worth.status();
      text += worth->plaintext;
      if (!worth->version.empty()) versions.push_back(worth->version);
    }
    Sensitive filled = sensitive;
    filled.digest = "hmac:" + Hex(HmacSha256(key, text)).substr(0, 32);
    filled.version.clear();
    for (const std::string& version : versions) {
      if (!filled.version.empty()) filled.version += ',';
      filled.version += version;
    }
    return Value(std::move(filled));
  });
}

}  // namespace tandem
