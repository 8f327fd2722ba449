#include "compile/member_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/base/spelling.h"

namespace tandem {

MemberReader::MemberReader(const Document& document, std::string path, Diagnostics& found)
    : document_(document), path_(std::move(path)), found_(found) {
  const Value* value = document_.body.At(path_);
  if (value == nullptr) {
    found_.Error(document_.RangeOf("kind"), fmt::format("'{}' is missing", path_),
                 fmt::format("kind {} needs it", document_.kind), document_.address().ToString());
  } else if (!value->is_map()) {
    found_.Error(document_.RangeOf(path_),
                 fmt::format("'{}' must be a map, not {}", path_, TypeName(value->type())), "",
                 document_.address().ToString());
  } else {
    map_ = &value->as_map();
  }
}

std::string MemberReader::PathOf(std::string_view key) const { return JoinPath(path_, key); }

void MemberReader::Error(std::string_view key, std::string summary, std::string detail) {
  // Of the whole map its key: the value of a block map begins with a member that is not at fault.
  const SourceRange range =
      key.empty() ? document_.RangeOf(path_, true) : document_.RangeOf(PathOf(key));
  found_.Error(range, std::move(summary), std::move(detail), document_.address().ToString());
}

const Value* MemberReader::Any(std::string_view key) {
  known_.emplace_back(key);
  if (map_ == nullptr) return nullptr;
  const auto member = map_->find(key);
  return member == map_->end() ? nullptr : &member->second;
}

const Value* MemberReader::Typed(std::string_view key, Type type, bool required) {
  const Value* value = Any(key);
  if (value == nullptr || value->is_null()) {
    if (required && map_ != nullptr)
      Error("", fmt::format("'{}' is missing", PathOf(key)),
            path_.back() == ']' ? "every entry of this list needs it"
                                : fmt::format("kind {} needs it", document_.kind));
    return nullptr;
  }
  if (value->type() == type) return value;
  const bool quote = type == Type::kString && value->is_scalar();
  Error(key,
        fmt::format("'{}' must be a {}, not {}", PathOf(key), TypeName(type),
                    TypeName(value->type())),
        quote ? "quote it" : "");
  return nullptr;
}

std::string MemberReader::String(std::string_view key, bool required) {
  const Value* value = Typed(key, Type::kString, required);
  return value == nullptr ? "" : value->as_string();
}

bool MemberReader::Bool(std::string_view key, bool otherwise) {
  const Value* value = Typed(key, Type::kBool, false);
  return value == nullptr ? otherwise : value->as_bool();
}

const Map* MemberReader::Object(std::string_view key) {
  const Value* value = Typed(key, Type::kMap, false);
  return value == nullptr ? nullptr : &value->as_map();
}

const List* MemberReader::Array(std::string_view key) {
  const Value* value = Typed(key, Type::kList, false);
  return value == nullptr ? nullptr : &value->as_list();
}

std::string MemberReader::OneOf(std::string_view key, const std::vector<std::string>& allowed,
                                bool required) {
  std::string value = String(key, required);
  if (value.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end())
    return value;
  const std::string near = NearestWord(value, allowed);
  Error(key, fmt::format("'{}' is not a {}", value, key),
        near.empty()
            ? fmt::format("one of: {}", fmt::join(allowed, ", "))
            : fmt::format("did you mean '{}'? One of: {}", near, fmt::join(allowed, ", ")));
  return "";
}

void MemberReader::Finish() {
  if (map_ == nullptr) return;
  for (const auto& [key, value] : *map_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::vector<std::string> known = known_;
    const std::string near = NearestWord(key, known);
    std::sort(known.begin(), known.end());
    found_.Error(document_.RangeOf(PathOf(key), true),
                 fmt::format("unknown field '{}' in {}", key, path_),
                 near.empty() ? fmt::format("known: {}", fmt::join(known, ", "))
                              : fmt::format("did you mean '{}'?", near),
                 document_.address().ToString());
  }
}

}  // namespace tandem
