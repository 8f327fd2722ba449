#include "tandem/config/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config/scalar_text.h"
#include "config/yaml_events.h"

namespace tandem {
namespace {

/// The events of a document as one text, places left out.
class EventText final : public YamlSink {
 public:
  bool OnNull(const NodeTraits& node) override { return Add("null", node, ""); }
  bool OnAlias(size_t, uint64_t anchor) override {
    text_ += fmt::format("alias {}\n", anchor);
    return true;
  }
  bool OnScalar(const NodeTraits& node, const std::string& value) override {
    return Add("scalar", node, value);
  }
  bool OnListStart(const NodeTraits& node) override { return Add("list", node, ""); }
  bool OnListEnd() override { return Add("end", {}, ""); }
  bool OnMapStart(const NodeTraits& node) override { return Add("map", node, ""); }
  bool OnMapEnd() override { return Add("end", {}, ""); }
  void OnExtra(size_t) override { (void)Add("extra", {}, ""); }

  const std::string& text() const { return text_; }

 private:
  bool Add(std::string_view what, const NodeTraits& node, std::string_view value) {
    text_ += fmt::format("{} {} {} {} {} {}:{}\n", what, node.tag, node.quoted, node.flow,
                         node.anchor, value.size(), value);
    return true;
  }

  std::string text_;
};

/// The events of all documents of a text; nullopt if one does not parse.
std::optional<std::string> EventsOf(const std::string& text, const ParseLimits& limits) {
  Diagnostics found;
  std::string events;
  const auto source = std::make_shared<SourceText>(SourceText{"", text});
  for (const DocumentText& document : SplitDocuments(source, limits, found)) {
    EventText one;
    if (ReadYaml(document.text(), one)) return std::nullopt;
    events += one.text() + "document\n";
  }
  if (found.has_errors()) return std::nullopt;
  return events;
}

/// Every byte that is no white space: what formatting may never change.
std::string Ink(std::string_view text) {
  std::string ink;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') ink += c;
  return ink;
}

struct Line {
  std::string text;     // without its break
  size_t begin = 0;     // in the source
  bool inside = false;  // of a text or flow collection that began above
  bool exact = false;   // holds part of a text of several lines: trailing blanks may be content
};

size_t Indent(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }
bool IsEmpty(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}
bool IsMarker(std::string_view line) {
  const std::string_view mark = line.substr(0, 3);
  return (mark == "---" || mark == "...") &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

class Formatter {
 public:
  Formatter(const std::shared_ptr<const SourceText>& source, bool reindent)
      : source_(source), reindent_(reindent) {}

  /// False if a document does not parse.
  bool Read(const ParseLimits& limits, Diagnostics& found) {
    const int errors = found.errors();
    const std::string_view text = source_->text;
    for (size_t at = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0; at < text.size();) {
      const size_t stop = std::min(text.find('\n', at), text.size());
      size_t end = stop;
      if (end > at && text[end - 1] == '\r') --end;
      lines_.push_back({std::string(text.substr(at, end - at)), at, false, false});
      at = stop + 1;
    }
    for (const DocumentText& document : SplitDocuments(source_, limits, found)) {
      const auto tree = ParseYaml(document, limits, found);
      if (tree) Mark(document, tree->positions);
    }
    return found.errors() == errors;
  }

  std::string Write() {
    std::string out;
    bool blank = false;      // an empty line waits to be written
    bool at_start = true;    // of a document
    bool first_line = true;  // of the file
    for (size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      if (line.inside) {
        out += Shifted(line) + "\n";
        blank = false;
        continue;
      }
      if (IsEmpty(line.text)) {
        blank = !at_start;
        continue;
      }
      const bool marker = IsMarker(line.text);
      if (marker && first_line && Trimmed(line.text) == "---") {
        first_line = false;
        continue;
      }
      if (blank && !marker) out += "\n";
      blank = false;
      first_line = false;
      if (marker) {
        levels_.clear();
        shift_ = 0;
        out += (line.exact ? line.text : Trimmed(line.text)) + "\n";
      } else if (line.text[Indent(line.text)] == '#') {
        out += std::string(CommentIndent(i), ' ') + Trimmed(line.text.substr(Indent(line.text))) +
               "\n";
      } else {
        out += Reindented(line) + "\n";
      }
      at_start = marker;
    }
    return out;
  }

 private:
  struct Level {
    size_t from = 0;  // column
    size_t to = 0;
    bool list = false;
  };

  static std::string Trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return std::string(text);
  }

  size_t LineOf(size_t offset) const {
    const auto after =
        std::upper_bound(lines_.begin(), lines_.end(), offset,
                         [](size_t at, const Line& line) { return at < line.begin; });
    return after == lines_.begin() ? 0 : static_cast<size_t>(after - lines_.begin()) - 1;
  }

  /// Notes which lines lie inside texts and flow collections of several lines.
  void Mark(const DocumentText& document, const PositionTable& positions) {
    const std::string_view text = source_->text;
    for (uint32_t place = 0; place < positions.size(); ++place) {
      const PositionTable::Span& span = positions.SpanAt(place);
      const size_t begin = document.begin + span.value_begin;
      const size_t end = document.begin + span.value_end;
      if (begin >= end) continue;
      const char c = text[begin];
      const bool flow = c == '[' || c == '{';
      if (!flow && positions.HasMembers(place)) continue;  // a block collection
      const ScalarStyle style = StyleAt(text, begin);
      const bool block = !flow && (style == ScalarStyle::kLiteral || style == ScalarStyle::kFolded);
      const size_t first = LineOf(begin);
      size_t last = LineOf(end - 1);
      if (block && Kept(begin)) {
        while (last + 1 < lines_.size() && IsEmpty(lines_[last + 1].text)) ++last;
      }
      for (size_t i = first; i <= last; ++i) {
        lines_[i].inside = lines_[i].inside || i > first;
        lines_[i].exact = lines_[i].exact || (!flow && last > first && !(block && i == first));
      }
    }
  }

  /// A block scalar that keeps the empty lines after it.
  bool Kept(size_t begin) const {
    for (size_t at = begin; at < source_->text.size() && source_->text[at] > ' '; ++at)
      if (source_->text[at] == '+') return true;
    return false;
  }

  std::string Shifted(const Line& line) const {
    std::string text = line.exact ? line.text : Trimmed(line.text);
    if (IsEmpty(text) && !line.exact) return "";
    if (shift_ > 0 && !text.empty()) return std::string(static_cast<size_t>(shift_), ' ') + text;
    if (shift_ < 0) text.erase(0, std::min(Indent(text), static_cast<size_t>(-shift_)));
    return text;
  }

  /// The new column of what stands at column `from`; deeper levels end.
  size_t Place(size_t from, bool list) {
    while (!levels_.empty() && levels_.back().from > from) levels_.pop_back();
    // A list may stand in the column of the key it belongs to.
    if (!list && levels_.size() > 1 && levels_.back().from == from && levels_.back().list &&
        levels_[levels_.size() - 2].from == from)
      levels_.pop_back();
    if (!levels_.empty() && levels_.back().from == from) {
      if (levels_.back().list == list) return levels_.back().to;
      levels_.push_back({from, levels_.back().to, list});
      return levels_.back().to;
    }
    const size_t to = levels_.empty() ? 0 : levels_.back().to + 2;
    levels_.push_back({from, to, list});
    return to;
  }

  std::string Reindented(const Line& line) {
    const std::string text = line.exact ? line.text : Trimmed(line.text);
    shift_ = 0;
    if (!reindent_) return text;
    size_t at = Indent(text);
    std::string out;
    while (true) {
      const bool item =
          text[at] == '-' && (at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == '\t');
      const size_t to = Place(at, item);
      out.resize(std::max(to, out.size()), ' ');
      shift_ = static_cast<int>(out.size()) - static_cast<int>(at);
      if (!item) break;
      out += '-';
      const size_t next = text.find_first_not_of(" \t", at + 1);
      if (next == std::string::npos) return out;
      if (text[next] == '#') return out + text.substr(at + 1);
      at = next;
    }
    return out + text.substr(at);
  }

  /// A comment stands as the line it is about: the next one, or the level it was in.
  size_t CommentIndent(size_t i) {
    const size_t from = Indent(lines_[i].text);
    if (!reindent_) return from;
    for (size_t next = i + 1; next < lines_.size(); ++next) {
      const std::string& text = lines_[next].text;
      if (lines_[next].inside || IsMarker(text)) break;
      if (IsEmpty(text) || text[Indent(text)] == '#') continue;
      if (Indent(text) != from) break;
      const std::vector<Level> levels = levels_;
      const bool item = text[from] == '-' && (from + 1 == text.size() || text[from + 1] == ' ');
      const size_t to = Place(from, item);
      levels_ = levels;
      return to;
    }
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level)
      if (level->from <= from) return level->to + (from - level->from);
    return from;
  }

  std::shared_ptr<const SourceText> source_;
  bool reindent_;
  std::vector<Line> lines_;
  std::vector<Level> levels_;
  int shift_ = 0;  // of the last line that began something
};

bool SameInk(std::string_view before, std::string_view after) {
  if (before.substr(0, 3) == "\xEF\xBB\xBF") before.remove_prefix(3);
  const std::string a = Ink(before);
  const std::string b = Ink(after);
  return a == b || (a.size() == b.size() + 3 && a.compare(0, 3, "---") == 0 &&
                    a.compare(3, std::string::npos, b) == 0);
}

}  // namespace

std::optional<std::string> FormatYaml(const std::shared_ptr<const SourceText>& source,
                                      const ParseLimits& limits, Diagnostics& found) {
  const std::optional<std::string> before = EventsOf(source->text, limits);
  // Where moving lines would change the meaning, only their ends are tidied.
  for (const bool reindent : {true, false}) {
    Formatter formatter(source, reindent);
    Diagnostics wrong;
    if (!formatter.Read(limits, wrong)) {
      found.Append(wrong);
      return std::nullopt;
    }
    std::string text = formatter.Write();
    // A byte order mark that stood behind a marker would be taken for the file's.
    if (text.starts_with("\xEF\xBB\xBF")) text.insert(0, "---\n");
    if (before && SameInk(source->text, text) && EventsOf(text, limits) == before) return text;
  }
  found.Error({source, 0, 0}, "formatting would change what this file means, so it was left alone",
              "lay it out by hand");
  return std::nullopt;
}

}  // namespace tandem
