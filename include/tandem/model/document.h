// One YAML object of the model, with the place of every path in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/interned.h"
#include "tandem/model/address.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"

namespace tandem {

/// Where each path of a document is, as offsets from the document's start, so that unchanged text that
/// moved in its file is not parsed again. A tree in the order of the text: no path is spelled out until
/// somebody asks for one.
class PositionTable {
 public:
  struct Span {
    uint32_t key_begin = 0;  // of the key; of the value for list items and the root
    uint32_t key_end = 0;
    uint32_t value_begin = 0;
    uint32_t value_end = 0;
    friend bool operator==(const Span&, const Span&) = default;
  };
  /// The whole document's place in the table.
  static constexpr uint32_t kRoot = 0;

  PositionTable() { nodes_.emplace_back(); }

  /// Adds the member `key` of the map at `parent`, or the next item of the list there; returns its
  /// place, for its own members. Of members with equal keys the first is found.
  uint32_t AddMember(uint32_t parent, std::string_view key, const Span& span);
  uint32_t AddItem(uint32_t parent, const Span& span);
  void SetSpan(uint32_t at, const Span& span) { nodes_[at].span = span; }
  const Span& SpanAt(uint32_t at) const { return nodes_[at].span; }

  /// The place of a FormatPath text ("" is the whole document), or null pointer.
  const Span* Find(std::string_view path) const;
  /// The place of `path`, or of its nearest parent that has one; `exact` says which.
  const Span& Nearest(std::string_view path, bool* exact) const;
  /// The place of member `key` of the map at `parent`, or null pointer.
  const Span* FindMember(uint32_t parent, std::string_view key) const;

  /// Places are numbered from kRoot to size() - 1.
  size_t size() const { return nodes_.size(); }
  bool HasMembers(uint32_t at) const { return nodes_[at].first_child != 0; }
  void ShrinkToFit();

 private:
  struct Node {
    Span span;
    uint32_t first_child = 0;  // 0: none, as the root is nobody's child
    uint32_t last_child = 0;
    uint32_t next = 0;
    uint32_t key_at = 0;  // in keys_; unused for items
    uint32_t key_size = 0;
  };

  uint32_t Append(uint32_t parent, const Span& span);
  uint32_t Child(uint32_t parent, const PathStep& step) const;
  uint32_t Member(uint32_t parent, std::string_view key) const;

  std::vector<Node> nodes_;
  std::string keys_;
};

struct Document;

/// What a document holds while nobody works on it: the bytes of its spec instead of trees. All else is told by its text.
class RestingBody {
 public:
  virtual ~RestingBody() = default;
  /// The member "spec" of Document::body, or null.
  virtual Value Spec() const = 0;
  /// What Document::body and Document::positions were, of `document`'s text.
  virtual Value Body(const Document& document) const = 0;
  virtual PositionTable Places(const Document& document) const = 0;

  PositionTable::Span root;  // of those
};

struct Document {
  Interned api_version;  // as written
  Interned group;        // of api_version; "core" for a bare version
  Interned version;
  Interned kind;
  Interned name;  // metadata.name
  Interned ns;    // metadata.namespace, or ""
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  /// The whole object as written, expressions unevaluated; null at rest, when Body() and Spec() make it anew.
  Value body;

  std::shared_ptr<const SourceText> source;
  size_t begin = 0;  // offset of this document in source
  size_t end = 0;
  std::shared_ptr<const PositionTable> positions;  // null pointer at rest, or when no text is known
  std::shared_ptr<const RestingBody> rest;         // null pointer: it is not at rest

  /// Without the account: that is chosen when the model is compiled.
  Address address() const { return Address(group, kind, ns, name); }
  KindName kind_name() const { return {group, kind}; }
  Value Body() const { return rest ? rest->Body(*this) : body; }
  /// The member "spec" of that, or null.
  Value Spec() const;
  /// The value of `path` (its key when `of_key`), or of its nearest parent that has a place.
  SourceRange RangeOf(std::string_view path, bool of_key = false) const;
  std::string Annotation(std::string_view key) const;
};

}  // namespace tandem
