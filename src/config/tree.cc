#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <utility>

#include "config/characters.h"
#include "config/plain.h"
#include "config/scalar_text.h"
#include "config/syntax.h"
#include "config/yaml_events.h"
#include "tandem/config/parse.h"

namespace tandem {
namespace {

using Span = PositionTable::Span;

constexpr uint32_t kNoPlace = UINT32_MAX;
constexpr int kMaxErrors = 20;  // in one document
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

bool IsTag(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-#;/?:@&=+$_.~*'()%!").find(c) != std::string_view::npos;
}
bool IsAnchor(char c) {
  return !IsSpace(c) && std::string_view("[]{},").find(c) == std::string_view::npos;
}

/// Builds the value and the positions of one document.
class TreeBuilder final : public YamlSink {
 public:
  TreeBuilder(const DocumentText& document, const ParseLimits& limits, YamlTree& tree,
              Diagnostics& found)
      : document_(document), text_(document.text()), limits_(limits), tree_(tree), found_(found) {
    tree_.positions.SetSpan(PositionTable::kRoot, SpanOf(0, text_.size(), 0, text_.size()));
  }

  bool failed() const { return errors_ > 0; }
  bool complete() const { return complete_; }
  ReadSoFar read() const {
    ReadSoFar so_far;
    so_far.end = cursor_;
    for (const Frame& frame : frames_)
      if (frame.brackets) so_far.bracket = frame.begin;
    return so_far;
  }

  bool OnNull(const NodeTraits& node) override {
    size_t begin = node.at;
    size_t end = begin;
    const bool properties = SkipProperties(begin, end);
    if (const size_t size = NullAt(begin); size > 0 && begin >= cursor_) {
      end = begin + size;
      cursor_ = end;
    } else if (!properties) {
      std::tie(begin, end) = MissingPlace();
    } else {
      cursor_ = std::max(cursor_, end);
      begin = node.at;
    }
    if (AwaitsKey()) return KeyFault(begin, end, "a key must be a text, not null");
    return Finish(Place(begin, end), Value(), node.anchor, 1, 0);
  }

  bool OnAlias(size_t at, uint64_t anchor) override {
    size_t end = at + 1;
    while (end < text_.size() && IsAnchor(text_[end])) ++end;
    cursor_ = std::max(cursor_, end);
    if (++aliases_ > limits_.aliases)
      return Stop(at, end, fmt::format("more than {} aliases in one document", limits_.aliases),
                  "write the values out, or use Platform.spec.values");
    const auto kept = anchors_.find(anchor);
    if (kept == anchors_.end())
      return Stop(at, end, "this alias refers to the collection that it is part of",
                  "a value cannot contain itself");
    const Anchored& target = kept->second;
    if (AwaitsKey()) {
      if (!target.value.is_string())
        return KeyFault(at, end, "a key must be a text, and this alias is none");
      return OnKey(at, end, target.value.as_string(), 0);
    }
    expanded_ += target.values;
    if (expanded_ > limits_.expanded)
      return Stop(at, end,
                  fmt::format("the aliases of this document stand for more than {} values",
                              limits_.expanded),
                  "aliases of aliases multiply; write the values out");
    if (static_cast<int>(frames_.size()) + target.depth > limits_.depth) return TooDeep(at, end);
    const Place place(at, end);
    return Finish(place, Value(target.value), 0, target.values, target.depth);
  }

  bool OnScalar(const NodeTraits& node, const std::string& value) override {
    size_t begin = node.at;
    size_t end = begin;
    const bool properties = SkipProperties(begin, end);
    const ScalarStyle style = StyleAt(text_, begin);
    if (properties && value.empty() && style == ScalarStyle::kPlain) {
      begin = node.at;
    } else {
      end = ScalarEnd(text_, begin, value);
      if (end == std::string_view::npos) {
        found_.Add(UnclosedQuote(document_, begin));
        ++errors_;
        return false;
      }
    }
    cursor_ = std::max(cursor_, end);
    if (value.size() > limits_.scalar_bytes)
      return Stop(begin, begin + 1,
                  fmt::format("this text has {} bytes; the limit is {}", value.size(),
                              limits_.scalar_bytes),
                  "keep large contents outside the model");
    if (node.tag.empty() && (node.quoted || IsPlainWord(value)))
      return AwaitsKey() ? OnKey(begin, end, value, node.anchor)
                         : Finish(Place(begin, end), Value(value), node.anchor, 1, 0);
    PlainScalar plain;
    if (node.tag.empty()) {
      plain = ResolvePlain(value);
    } else if (!Tagged(node.tag, value, plain)) {
      return BadTag(node);
    }
    if (AwaitsKey()) {
      if (value == "<<" && node.tag.empty()) {
        return KeyFault(begin, end, "merge keys ('<<') are not supported",
                        "YAML 1.2 has none; write the members out");
      }
      if (!plain.value.is_string() || !plain.error.empty())
        return KeyFault(begin, end, fmt::format("a key must be a text, and {} is none", value),
                        fmt::format("quote it: \"{}\"", value));
      return OnKey(begin, end, value, node.anchor);
    }
    if (!plain.error.empty()) {
      if (!Fault(begin, end, plain.error, plain.detail)) return false;
    } else if (!plain.warning.empty()) {
      found_.Warning(Range(begin, end), plain.warning, plain.detail);
    }
    return Finish(Place(begin, end), std::move(plain.value), node.anchor, 1, 0);
  }

  bool OnListStart(const NodeTraits& node) override { return Open(node, List(), "seq"); }
  bool OnMapStart(const NodeTraits& node) override { return Open(node, Map(), "map"); }
  bool OnListEnd() override { return Close(']'); }
  bool OnMapEnd() override { return Close('}'); }

  void OnExtra(size_t at) override {
    (void)Stop(at, at + 1, "this does not belong to the value before it",
               "check the indentation, or start a new document with a line '---'");
  }

 private:
  struct Place {
    Place(size_t b, size_t e) : begin(b), end(e) {}
    size_t begin;
    size_t end;
  };
  struct Anchored {
    Value value;
    size_t values = 1;
    int depth = 0;
  };
  struct Frame {
    Value* value = nullptr;
    Value* slot = nullptr;       // of the member whose key was read; null: a key comes next
    uint32_t node = kNoPlace;    // none for what is inside a reported member
    Span key;                    // of that member
    uint32_t member = kNoPlace;  // its place in the table
    bool is_map = false;
    bool brackets = false;
    size_t begin = 0;
    uint64_t anchor = 0;
    size_t values = 1;
    int depth = 1;
  };

  SourceRange Range(size_t begin, size_t end) const {
    return {document_.source, document_.begin + std::min(begin, text_.size()),
            document_.begin + std::min(end, text_.size())};
  }

  static Span SpanOf(size_t key_begin, size_t key_end, size_t value_begin, size_t value_end) {
    return {static_cast<uint32_t>(key_begin), static_cast<uint32_t>(key_end),
            static_cast<uint32_t>(value_begin), static_cast<uint32_t>(value_end)};
  }

  /// Reports and goes on, unless there are too many already.
  bool Fault(size_t begin, size_t end, std::string summary, std::string detail) {
    found_.Error(Range(begin, end), std::move(summary), std::move(detail));
    return ++errors_ < kMaxErrors;
  }
  bool Stop(size_t begin, size_t end, std::string summary, std::string detail) {
    (void)Fault(begin, end, std::move(summary), std::move(detail));
    return false;
  }
  bool TooDeep(size_t begin, size_t end) {
    return Stop(begin, end,
                fmt::format("maps and lists are nested deeper than {} levels", limits_.depth),
                "flatten the structure");
  }

  bool AwaitsKey() const {
    return !frames_.empty() && frames_.back().is_map && frames_.back().slot == nullptr;
  }

  /// Moves `begin` behind tag and anchor, and `end` to where they end. False if there are none.
  bool SkipProperties(size_t& begin, size_t& end) const {
    bool any = false;
    while (begin < text_.size() && (text_[begin] == '!' || text_[begin] == '&')) {
      any = true;
      const bool tag = text_[begin++] == '!';
      if (tag && begin < text_.size() && text_[begin] == '<') {
        begin = std::min(text_.find('>', begin), text_.size() - 1) + 1;
      } else {
        while (begin < text_.size() && (tag ? IsTag(text_[begin]) : IsAnchor(text_[begin])))
          ++begin;
      }
      end = begin;
      begin = SkipToContent(begin);
    }
    return any;
  }

  /// Past white space and comments.
  size_t SkipToContent(size_t at) const {
    while (at < text_.size()) {
      if (IsSpace(text_[at])) {
        ++at;
      } else if (text_[at] == '#' && (at == 0 || IsSpace(text_[at - 1]))) {
        at = std::min(text_.find('\n', at), text_.size());
      } else {
        break;
      }
    }
    return at;
  }

  /// The size of a null written at `at`, or 0.
  size_t NullAt(size_t at) const {
    const auto ends = [&](size_t size) {
      const size_t after = at + size;
      return after >= text_.size() || IsSpace(text_[after]) || text_[after] == ',' ||
             text_[after] == ']' || text_[after] == '}' || text_[after] == ':';
    };
    if (at >= text_.size()) return 0;
    if (text_[at] == '~' && ends(1)) return 1;
    const std::string_view word = text_.substr(at, 4);
    return (word == "null" || word == "Null" || word == "NULL") && ends(4) ? 4 : 0;
  }

  /// Where a value that is not there would stand: its key, or the '-' of its item.
  std::pair<size_t, size_t> MissingPlace() {
    if (!frames_.empty() && frames_.back().is_map && frames_.back().slot != nullptr)
      return {frames_.back().key.key_begin, frames_.back().key.key_end};
    size_t at = SkipToContent(cursor_);
    while (at < text_.size() && (text_[at] == ',' || text_[at] == ':' || text_[at] == '?'))
      at = SkipToContent(at + 1);
    if (at >= text_.size() || text_[at] != '-') return {cursor_, cursor_};
    cursor_ = at + 1;
    return {at, at + 1};
  }

  bool KeyFault(size_t begin, size_t end, std::string summary, std::string detail = "") {
    if (!Fault(begin, end, std::move(summary), std::move(detail))) return false;
    Frame& frame = frames_.back();
    frame.slot = &ignored_.emplace_back();
    frame.key = SpanOf(begin, end, begin, end);
    frame.member = kNoPlace;
    return true;
  }

  bool OnKey(size_t begin, size_t end, const std::string& key, uint64_t anchor) {
    if (anchor != 0) anchors_[anchor] = {Value(key), 1, 0};
    Frame& frame = frames_.back();
    const auto [member, added] = frame.value->edit_map().try_emplace(key);
    if (!added) {
      const Span* first =
          frame.node == kNoPlace ? nullptr : tree_.positions.FindMember(frame.node, key);
      std::string detail = "remove one of them";
      if (first != nullptr) {
        const Position at = PositionAt(*document_.source, document_.begin + first->key_begin);
        detail = fmt::format("the first is at {}:{}:{}; remove one of them", document_.source->name,
                             at.line, at.column);
      }
      return KeyFault(begin, end, fmt::format("duplicate key '{}'", key), std::move(detail));
    }
    frame.slot = &member->second;
    frame.key = SpanOf(begin, end, begin, end);
    frame.member =
        frame.node == kNoPlace ? kNoPlace : tree_.positions.AddMember(frame.node, key, frame.key);
    return true;
  }

  /// Puts a value where the next one belongs, and its place into the table; `node` gets that, or
  /// kNoPlace.
  Value* Attach(const Place& place, Value value, uint32_t& node) {
    const Span span = SpanOf(place.begin, place.end, place.begin, place.end);
    if (frames_.empty()) {
      node = PositionTable::kRoot;
      tree_.value = std::move(value);
      tree_.positions.SetSpan(node, span);
      return &tree_.value;
    }
    Frame& frame = frames_.back();
    if (frame.is_map) {
      Value* slot = std::exchange(frame.slot, nullptr);
      *slot = std::move(value);
      node = frame.member;
      if (node != kNoPlace)
        tree_.positions.SetSpan(
            node, {frame.key.key_begin, frame.key.key_end, span.value_begin, span.value_end});
      return slot;
    }
    List& list = frame.value->edit_list();
    list.push_back(std::move(value));
    node = frame.node == kNoPlace ? kNoPlace : tree_.positions.AddItem(frame.node, span);
    return &list.back();
  }

  /// A value is whole: `values` of them with what is inside, in `depth` levels.
  void Count(size_t values, int depth) {
    if (frames_.empty()) {
      complete_ = true;
      return;
    }
    frames_.back().values += values;
    frames_.back().depth = std::max(frames_.back().depth, depth + 1);
  }

  bool Finish(const Place& place, Value value, uint64_t anchor, size_t values, int depth) {
    if (anchor != 0) anchors_[anchor] = {value, values, depth};
    uint32_t node = kNoPlace;
    Attach(place, std::move(value), node);
    Count(values, depth);
    return true;
  }

  bool Open(const NodeTraits& node, Value empty, std::string_view tag) {
    size_t begin = node.at;
    size_t end = begin;
    SkipProperties(begin, end);
    begin = std::min(begin, text_.size());
    if (!node.tag.empty() && (node.tag.substr(0, kCoreTag.size()) != kCoreTag ||
                              node.tag.substr(kCoreTag.size()) != tag))
      return BadTag(node);
    if (static_cast<int>(frames_.size()) + (AwaitsKey() ? BracketDepth(begin) : 0) >= limits_.depth)
      return TooDeep(begin, begin + 1);
    if (AwaitsKey())
      return Stop(begin, begin + 1,
                  fmt::format("a key must be a text, not a {}", tag == "map" ? "map" : "list"),
                  "quote a text that starts with '{' or '['");
    Frame frame;
    frame.is_map = tag == "map";
    frame.brackets =
        node.flow && begin < text_.size() && text_[begin] == (frame.is_map ? '{' : '[');
    frame.begin = begin;
    frame.anchor = node.anchor;
    frame.value = Attach(Place(begin, begin), std::move(empty), frame.node);
    cursor_ = std::max(cursor_, frame.brackets ? begin + 1 : begin);
    frames_.push_back(frame);
    return true;
  }

  /// How deep brackets nest from `at` on: yaml-cpp takes an unclosed collection for a key.
  int BracketDepth(size_t at) const {
    int depth = 0;
    int deepest = 0;
    for (; at < text_.size() && deepest <= limits_.depth; ++at) {
      if (text_[at] == '[' || text_[at] == '{') deepest = std::max(deepest, ++depth);
      if ((text_[at] == ']' || text_[at] == '}') && --depth <= 0) break;
    }
    return deepest;
  }

  bool Close(char bracket) {
    const Frame frame = frames_.back();
    frames_.pop_back();
    if (frame.brackets) {
      size_t at = SkipToContent(cursor_);
      while (at < text_.size() && (text_[at] == ',' || text_[at] == ':' || text_[at] == '?'))
        at = SkipToContent(at + 1);
      if (at < text_.size() && text_[at] == bracket) cursor_ = at + 1;
    }
    if (frame.node != kNoPlace) {
      Span span = tree_.positions.SpanAt(frame.node);
      span.value_end = static_cast<uint32_t>(cursor_);
      if (frames_.empty() || !frames_.back().is_map) span.key_end = span.value_end;
      tree_.positions.SetSpan(frame.node, span);
    }
    if (frame.anchor != 0) anchors_[frame.anchor] = {*frame.value, frame.values, frame.depth};
    Count(frame.values, frame.depth);
    return true;
  }

  bool BadTag(const NodeTraits& node) {
    size_t end = node.at;
    while (end < text_.size() && !IsSpace(text_[end])) ++end;
    return Stop(
        node.at, end,
        fmt::format("the tag '{}' is not supported here", text_.substr(node.at, end - node.at)),
        "!!str, !!int, !!float, !!bool, !!null, !!map and !!seq are, before a value of that "
        "type; quote a text that starts with '!'");
  }

  /// The value of an explicitly tagged scalar. False if the tag is none of ours, or does not fit.
  static bool Tagged(std::string_view tag, const std::string& text, PlainScalar& plain) {
    if (tag.substr(0, kCoreTag.size()) != kCoreTag) return false;
    tag.remove_prefix(kCoreTag.size());
    if (tag == "str") {
      plain.value = text;
      return true;
    }
    plain = ResolvePlain(text);
    plain.warning.clear();
    if (!plain.error.empty()) return tag == "int" || tag == "float";
    if (tag == "float" && plain.value.is_int())
      plain.value = static_cast<double>(plain.value.as_int());
    return (tag == "int" && plain.value.is_int()) || (tag == "float" && plain.value.is_double()) ||
           (tag == "bool" && plain.value.is_bool()) || (tag == "null" && plain.value.is_null());
  }

  const DocumentText& document_;
  std::string_view text_;
  const ParseLimits& limits_;
  YamlTree& tree_;
  Diagnostics& found_;
  std::vector<Frame> frames_;
  std::deque<Value> ignored_;  // values of members that were reported
  std::map<uint64_t, Anchored> anchors_;
  size_t cursor_ = 0;  // the end of what was read
  int aliases_ = 0;
  size_t expanded_ = 0;
  int errors_ = 0;
  bool complete_ = false;
};

}  // namespace

SourceRange YamlTree::RangeOf(std::string_view path, bool of_key) const {
  bool exact = false;
  const Span& span = positions.Nearest(path, &exact);
  if (of_key || !exact) return {source, begin + span.key_begin, begin + span.key_end};
  return {source, begin + span.value_begin, begin + span.value_end};
}

std::optional<YamlTree> ParseYaml(const DocumentText& text, const ParseLimits& limits,
                                  Diagnostics& found) {
  YamlTree tree;
  tree.source = text.source;
  tree.begin = text.begin;
  tree.end = text.end;
  TreeBuilder builder(text, limits, tree, found);
  if (const auto fault = ReadYaml(text.text(), builder)) {
    found.Add(ExplainFault(text, *fault, builder.read()));
    return std::nullopt;
  }
  if (builder.failed() || !builder.complete()) return std::nullopt;
  tree.positions.ShrinkToFit();
  return tree;
}

std::optional<YamlTree> ParseYaml(const std::shared_ptr<const SourceText>& source,
                                  const ParseLimits& limits, Diagnostics& found) {
  const int errors = found.errors();
  const std::vector<DocumentText> texts = SplitDocuments(source, limits, found);
  if (found.errors() > errors) return std::nullopt;
  if (texts.size() != 1) {
    found.Error({source, texts.empty() ? 0 : texts[1].begin, texts.empty() ? 0 : texts[1].begin},
                texts.empty() ? "this file is empty" : "this file holds more than one document",
                "it must hold exactly one");
    return std::nullopt;
  }
  return ParseYaml(texts[0], limits, found);
}

}  // namespace tandem
