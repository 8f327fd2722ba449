// Reads the members of one map of a document and reports every one that is missing, of another
// type, or not known. For tandem's own kinds; resources are checked by their kind's schema.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/document.h"
#include "tandem/model/source.h"

namespace tandem {

class MemberReader {
 public:
  /// Reads the map at `path` of `document`; a value that is no map is reported once.
  MemberReader(const Document& document, std::string path, Diagnostics& found);

  bool valid() const { return map_ != nullptr; }
  /// The member, null pointer when absent. Each call makes `key` a known one.
  const Value* Any(std::string_view key);
  std::string String(std::string_view key, bool required = false);
  bool Bool(std::string_view key, bool otherwise);
  const Map* Object(std::string_view key);
  const List* Array(std::string_view key);
  /// A string that is one of `allowed`.
  std::string OneOf(std::string_view key, const std::vector<std::string>& allowed,
                    bool required = false);
  std::string PathOf(std::string_view key) const;
  void Error(std::string_view key, std::string summary, std::string detail = "");
  /// Reports members that no call asked for. Call last.
  void Finish();

 private:
  const Value* Typed(std::string_view key, Type type, bool required);

  const Document& document_;
  std::string path_;
  Diagnostics& found_;
  const Map* map_ = nullptr;
  std::vector<std::string> known_;
};

}  // namespace tandem
