#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "diagram/limits.h"
#include "tandem/diagram/mermaid.h"

namespace tandem {
namespace {

constexpr size_t kMaxBytes = 4 << 20;
constexpr size_t kMaxConnections = 100'000;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// `#quot;`, `#35;` and `&amp;` style entities, `<br/>` and runs of white space as people see them.
std::string Shown(std::string_view raw) {
  static const std::map<std::string, std::string, std::less<>> names = {
      {"quot", "\""}, {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"apos", "'"}, {"nbsp", " "}};
  std::string text;
  for (size_t at = 0; at < raw.size();) {
    const char c = raw[at];
    const size_t stop = c == '#' || c == '&' ? raw.find(';', at) : std::string_view::npos;
    if (stop != std::string_view::npos && stop - at <= 10) {
      std::string_view name = raw.substr(at + 1, stop - at - 1);
      if (c == '&' && !name.empty() && name[0] == '#') name.remove_prefix(1);
      const bool digits = !name.empty() && std::all_of(name.begin(), name.end(),
                                                       [](char d) { return d >= '0' && d <= '9'; });
      if (const auto known = names.find(name); known != names.end()) {
        text += known->second;
        at = stop + 1;
        continue;
      }
      if (digits && name.size() <= 3) {
        const int code = std::stoi(std::string(name));
        if (code >= 32 && code < 127) {
          text += static_cast<char>(code);
          at = stop + 1;
          continue;
        }
      }
    }
    if (c == '<' && raw.substr(at, 3) == "<br") {
      const size_t close = raw.find('>', at);
      if (close != std::string_view::npos && close - at <= 5) {
        text += ' ';
        at = close + 1;
        continue;
      }
    }
    text += c;
    ++at;
  }
  std::string tidy;
  for (const char c : text) {
    const bool space = IsBlank(c) || c == '\n';
    if (space && (tidy.empty() || tidy.back() == ' ')) continue;
    tidy += space ? ' ' : c;
  }
  if (!tidy.empty() && tidy.back() == ' ') tidy.pop_back();
  return tidy;
}

/// The title with '_' for blanks, and for whatever an arrow could not name.
std::string GroupId(std::string_view title) {
  std::string id;
  for (size_t i = 0; i < title.size(); ++i) {
    const char c = title[i];
    const bool joins = (c == '-' || c == '.' || c == '/') && i > 0 && i + 1 < title.size() &&
                       IsWord(title[i - 1]) && IsWord(title[i + 1]);
    id += IsWord(c) || joins ? c : '_';
  }
  return id;
}

struct Shape {
  std::string_view open;
  std::array<std::string_view, 2> close;
};

/// Longer openings first.
constexpr std::array<Shape, 12> kShapes = {{
    {"(((", {")))", ""}},
    {"((", {"))", ""}},
    {"([", {"])", ""}},
    {"[[", {"]]", ""}},
    {"[(", {")]", ""}},
    {"[/", {"/]", "\\]"}},
    {"[\\", {"\\]", "/]"}},
    {"{{", {"}}", ""}},
    {"[", {"]", ""}},
    {"(", {")", ""}},
    {"{", {"}", ""}},
    {">", {"]", ""}},
}};

struct Arrow {
  bool dotted = false;
  bool both = false;
  bool reversed = false;  // only the left end has a head
  bool hidden = false;
  std::string label;
};

class Parser {
 public:
  Parser(const std::shared_ptr<const SourceText>& source, Diagnostics& found)
      : source_(source), text_(source->text), found_(found) {}

  std::optional<Diagram> Run() {
    const int errors = found_.errors();
    if (text_.size() > kMaxBytes) {
      Error(0, 0, fmt::format("this diagram has more than {} bytes", kMaxBytes), "split it");
      return std::nullopt;
    }
    size_t at = SkipFrontMatter();
    while (at < text_.size() && !stopped_ && found_.errors() - errors < 20) {
      size_t stop = std::min(text_.find('\n', at), text_.size());
      Line(at, stop);
      at = stop + 1;
    }
    if (found_.errors() == errors && !started_)
      Error(0, 0, "this is no mermaid flowchart", "it starts with a line such as 'flowchart TB'");
    for (const OpenGroup& open : open_)
      Error(open.begin, open.end, "this subgraph is never closed", "add a line 'end'");
    if (found_.errors() > errors) return std::nullopt;
    Resolve();
    if (found_.errors() > errors) return std::nullopt;
    return std::move(diagram_);
  }

 private:
  struct OpenGroup {
    std::string id;
    size_t begin = 0;
    size_t end = 0;
  };
  struct Mention {
    DiagramNode node;
    bool declared = false;  // with a shape
    size_t at = 0;
  };
  struct RawConnection {
    DiagramConnection connection;
    size_t begin = 0;
    size_t end = 0;
  };

  void Error(size_t begin, size_t end, std::string summary, std::string detail = "") {
    found_.Error({source_, begin, end}, std::move(summary), std::move(detail));
  }
  void Warning(size_t begin, size_t end, std::string summary, std::string detail = "") {
    found_.Warning({source_, begin, end}, std::move(summary), std::move(detail));
  }

  size_t SkipFrontMatter() const {
    if (text_.substr(0, 4) != "---\n" && text_.substr(0, 5) != "---\r\n") return 0;
    const size_t close = text_.find("\n---", 3);
    if (close == std::string_view::npos) return 0;
    return std::min(text_.find('\n', close + 1), text_.size() - 1) + 1;
  }

  /// One line: statements separated by ';', which inside quotes, brackets and labels is text.
  void Line(size_t begin, size_t end) {
    at_ = begin;
    end_ = end;
    while (true) {
      SkipBlanks();
      while (at_ < end_ && text_[at_] == ';') {
        ++at_;
        SkipBlanks();
      }
      if (at_ >= end_ || text_.substr(at_, 2) == "%%") return;
      if (!Statement()) return;
    }
  }

  void SkipBlanks() {
    while (at_ < end_ && IsBlank(text_[at_])) ++at_;
  }

  /// The word at the cursor, not consumed.
  std::string_view Word() const {
    size_t stop = at_;
    while (stop < end_ && IsWord(text_[stop])) ++stop;
    return text_.substr(at_, stop - at_);
  }

  /// Where a statement without quotes ends: at ';' or the end of the line.
  size_t StatementEnd() const {
    size_t stop = std::min(text_.find(';', at_), end_);
    while (stop > at_ && IsBlank(text_[stop - 1])) --stop;
    return stop;
  }

  bool WordEnds(size_t size) const {
    return at_ + size >= end_ || IsBlank(text_[at_ + size]) || text_[at_ + size] == ';';
  }

  /// False: give up on this line.
  bool Statement() {
    const std::string_view word = Word();
    if (!started_) return Header(word);
    if (word == "subgraph" && WordEnds(word.size())) return Subgraph();
    if (word == "end" && WordEnds(word.size())) {
      if (open_.empty()) {
        Error(at_, at_ + 3, "this 'end' closes nothing", "remove it");
      } else {
        open_.pop_back();
      }
      at_ += 3;
      return true;
    }
    for (const std::string_view skipped : {"direction", "classDef", "class", "style", "linkStyle",
                                           "click", "accTitle", "accDescr"}) {
      if (word != skipped || !(WordEnds(word.size()) || text_[at_ + word.size()] == ':')) continue;
      const size_t next = text_.find_first_not_of(" \t", at_ + word.size());
      if (next < end_ && std::string_view("-=<~&;").find(text_[next]) != std::string_view::npos)
        break;  // a box of that name
      Warning(at_, StatementEnd(), fmt::format("'{}' is ignored", word),
              "only boxes, groups and arrows are read");
      at_ = std::min(text_.find(';', at_), end_);
      return true;
    }
    return Chain();
  }

  bool Header(std::string_view word) {
    if (word != "flowchart" && word != "graph") {
      Error(at_, StatementEnd(), "this is no mermaid flowchart",
            "it starts with a line such as 'flowchart TB'");
      started_ = true;
      stopped_ = true;  // nothing after it can make sense
      return false;
    }
    started_ = true;
    at_ += word.size();
    SkipBlanks();
    const std::string_view direction = Word();
    if (!direction.empty() && direction != "TB" && direction != "TD" && direction != "BT" &&
        direction != "LR" && direction != "RL")
      Error(at_, at_ + direction.size(), fmt::format("'{}' is no direction", direction),
            "it is one of TB, TD, BT, LR, RL");
    at_ += direction.size();
    return true;
  }

  bool Subgraph() {
    const size_t begin = at_;
    at_ += std::string_view("subgraph").size();
    SkipBlanks();
    std::string id;
    std::string title;
    if (at_ < end_ && text_[at_] == '"') {
      if (!QuotedText(title)) return false;
    } else {
      const size_t bracket = text_.find_first_of("[;", at_);
      const size_t stop = std::min(bracket, end_);
      id = Shown(text_.substr(at_, stop - at_));
      at_ = stop;
      title = id;
      if (at_ < end_ && text_[at_] == '[' && !Brackets(title)) return false;
    }
    id = GroupId(id.empty() ? title : id);
    const size_t end = at_;
    SkipBlanks();
    if (at_ < end_ && text_[at_] != ';' && text_.substr(at_, 2) != "%%") {
      Error(at_, end_, "text after the subgraph's title", "quote the title: subgraph \"Title\"");
      return false;
    }
    if (id.empty()) {
      Error(begin, end, "a subgraph without a title", "write 'subgraph \"Title\"'");
      return false;
    }
    if (open_.size() >= kMaxGroupDepth) {
      Error(begin, end, fmt::format("subgraphs are nested deeper than {} levels", kMaxGroupDepth), "");
      stopped_ = true;
      return false;
    }
    const auto [first, added] = groups_.emplace(id, begin);
    if (!added)
      Error(begin, end, fmt::format("a second group '{}'", id),
            fmt::format("the first is in line {}; give one of them an id: subgraph ID [\"Title\"]",
                        PositionAt(*source_, first->second).line));
    diagram_.groups.push_back({id, title, open_.empty() ? "" : open_.back().id});
    open_.push_back({id, begin, end});
    return true;
  }

  /// A text in double quotes at the cursor.
  bool QuotedText(std::string& text) {
    const size_t begin = at_;
    const size_t close = text_.find('"', at_ + 1);
    if (close == std::string_view::npos || close >= end_) {
      Error(begin, begin + 1, "this quote is never closed",
            "write a quote inside a text as #quot;");
      return false;
    }
    text = Shown(text_.substr(begin + 1, close - begin - 1));
    at_ = close + 1;
    return true;
  }

  /// A shape with its text at the cursor.
  bool Brackets(std::string& text) {
    const size_t begin = at_;
    for (const Shape& shape : kShapes) {
      if (text_.substr(at_, shape.open.size()) != shape.open) continue;
      at_ += shape.open.size();
      SkipBlanks();
      if (at_ < end_ && text_[at_] == '"') {
        if (!QuotedText(text)) return false;
        SkipBlanks();
        for (const std::string_view close : shape.close) {
          if (close.empty() || text_.substr(at_, close.size()) != close) continue;
          at_ += close.size();
          return true;
        }
      } else {
        size_t best = std::string_view::npos;
        size_t size = 0;
        for (const std::string_view close : shape.close) {
          if (close.empty()) continue;
          const size_t found = text_.find(close, at_);
          if (found < best) {
            best = found;
            size = close.size();
          }
        }
        if (best < end_) {
          text = Shown(text_.substr(at_, best - at_));
          at_ = best + size;
          return true;
        }
      }
      Error(begin, begin + shape.open.size(), fmt::format("this '{}' is never closed", shape.open),
            fmt::format("add '{}', and quote a text that holds brackets", shape.close[0]));
      return false;
    }
    return false;
  }

  /// Boxes joined by '&'.
  bool Boxes(std::vector<std::string>& ids) {
    while (true) {
      SkipBlanks();
      const size_t begin = at_;
      while (at_ < end_) {
        const char c = text_[at_];
        const bool joins = (c == '-' || c == '.' || c == '/') && at_ > begin && at_ + 1 < end_ &&
                           IsWord(text_[at_ + 1]);
        if (!IsWord(c) && !joins) break;
        ++at_;
      }
      if (at_ == begin) {
        const size_t stop = std::max(begin + 1, StatementEnd());
        Error(begin, std::min(stop, std::max(begin, end_)), "a box is expected here",
              "write ID[\"Title\"] or the ID of a box or group");
        return false;
      }
      const std::string id(text_.substr(begin, at_ - begin));
      if (id == "end") {
        Error(begin, at_, "'end' cannot be a box", "it closes a subgraph; write End");
        return false;
      }
      std::string title;
      bool declared = false;
      if (at_ + 1 < end_ && text_[at_] == '@' && text_[at_ + 1] == '{') {
        Error(at_, at_ + 2, "shapes in '@{…}' are not read", "write ID[\"Title\"]");
        return false;
      }
      if (at_ < end_ &&
          (text_[at_] == '[' || text_[at_] == '(' || text_[at_] == '{' || text_[at_] == '>')) {
        if (!Brackets(title)) return false;
        declared = true;
      }
      if (text_.substr(at_, 3) == ":::") {
        at_ += 3;
        at_ += Word().size();
      }
      Mentioned(id, title, declared, begin);
      ids.push_back(id);
      SkipBlanks();
      if (at_ >= end_ || text_[at_] != '&') return true;
      ++at_;
    }
  }

  void Mentioned(const std::string& id, const std::string& title, bool declared, size_t at) {
    const auto [known, added] = mention_index_.emplace(id, mentions_.size());
    if (added) {
      Mention mention;
      mention.node.id = id;
      mention.node.title = id;
      mention.at = at;
      mentions_.push_back(std::move(mention));
    }
    Mention& mention = mentions_[known->second];
    if (mention.node.group.empty() && !open_.empty()) mention.node.group = open_.back().id;
    if (!declared) return;
    if (mention.declared && mention.node.title != title)
      Warning(at, at + id.size(), fmt::format("a second title for the box '{}'", id),
              fmt::format("'{}' is used, not '{}'", title, mention.node.title));
    mention.declared = true;
    mention.node.title = title.empty() ? id : title;
  }

  /// Boxes, arrow, boxes, arrow, …
  bool Chain() {
    std::vector<std::string> left;
    if (!Boxes(left)) return false;
    while (true) {
      SkipBlanks();
      if (at_ >= end_ || text_[at_] == ';' || text_.substr(at_, 2) == "%%") return true;
      const size_t begin = at_;
      Arrow arrow;
      if (!ReadArrow(arrow)) {
        Error(begin, std::max(begin + 1, StatementEnd()), "an arrow is expected here",
              "write -->, <-->, -.->, or start a new line");
        return false;
      }
      const size_t end = at_;
      SkipBlanks();
      if (at_ < end_ && text_[at_] == '|') {
        const size_t close = text_.find('|', at_ + 1);
        if (close == std::string_view::npos || close >= end_) {
          Error(at_, at_ + 1, "this label is never closed", "add the closing '|'");
          return false;
        }
        std::string_view label = text_.substr(at_ + 1, close - at_ - 1);
        while (!label.empty() && IsBlank(label.front())) label.remove_prefix(1);
        while (!label.empty() && IsBlank(label.back())) label.remove_suffix(1);
        if (label.size() >= 2 && label.front() == '"' && label.back() == '"')
          label = label.substr(1, label.size() - 2);
        arrow.label = Shown(label);
        at_ = close + 1;
      }
      std::vector<std::string> right;
      if (!Boxes(right)) return false;
      if (!Connect(left, right, arrow, begin, end)) return false;
      left = std::move(right);
    }
  }

  bool Connect(const std::vector<std::string>& left, const std::vector<std::string>& right,
               const Arrow& arrow, size_t begin, size_t end) {
    if (arrow.hidden) {
      Warning(begin, end, "an invisible line is ignored");
      return true;
    }
    if (connections_.size() + left.size() * right.size() > kMaxConnections) {
      Error(begin, end, fmt::format("more than {} connections", kMaxConnections), "'&' multiplies");
      stopped_ = true;
      return false;
    }
    std::string type = arrow.dotted ? "failover" : "";
    if (!arrow.label.empty()) {
      const auto& types = ConnectionTypes();
      if (std::find(types.begin(), types.end(), arrow.label) != types.end()) {
        type = arrow.label;
      } else {
        Warning(begin, end, fmt::format("the label '{}' is ignored", arrow.label),
                "a label is read as the connection's type if it is one");
      }
    }
    for (const std::string& from : left)
      for (const std::string& to : right) {
        DiagramConnection connection{arrow.reversed ? to : from, arrow.reversed ? from : to, type,
                                     arrow.both};
        connections_.push_back({std::move(connection), begin, end});
      }
    return true;
  }

  /// One line of any kind, with its inline label.
  bool ReadArrow(Arrow& arrow) {
    const size_t begin = at_;
    const auto at = [&](size_t offset) { return at_ + offset < end_ ? text_[at_ + offset] : '\0'; };
    bool left_head = at(0) == '<';
    if ((at(0) == 'x' || at(0) == 'o') && (at(1) == '-' || at(1) == '=')) left_head = true;
    if (left_head) ++at_;
    if (at(0) == '~' && at(1) == '~' && at(2) == '~') {
      while (at(0) == '~') ++at_;
      arrow.hidden = true;
      return true;
    }
    const char stroke = at(0);
    if (stroke != '-' && stroke != '=') {
      at_ = begin;
      return false;
    }
    bool right_head = false;
    if (stroke == '-' && at(1) == '.') {
      arrow.dotted = true;
      ++at_;
      while (at(0) == '.') ++at_;
      if (at(0) == '-') {
        ++at_;
      } else if (!InlineLabel(arrow, ".-")) {
        at_ = begin;
        return false;
      }
      right_head = Head();
    } else {
      size_t strokes = 0;
      while (at(0) == stroke) {
        ++at_;
        ++strokes;
      }
      right_head = strokes >= 2 && Head();
      if (strokes < 2 || (strokes == 2 && !right_head)) {
        if (strokes < 2 || !InlineLabel(arrow, std::string(2, stroke))) {
          at_ = begin;
          return false;
        }
        while (at(0) == stroke) ++at_;
        right_head = Head();
      }
    }
    arrow.both = left_head && right_head;
    arrow.reversed = left_head && !right_head;
    return true;
  }

  /// A head at the right end; 'x' and 'o' only where a blank follows, else they begin a name.
  bool Head() {
    if (at_ >= end_) return false;
    const char c = text_[at_];
    const bool round = (c == 'x' || c == 'o') && at_ + 1 < end_ && IsBlank(text_[at_ + 1]);
    if (c != '>' && !round) return false;
    ++at_;
    return true;
  }

  /// `-- text -->`: everything up to the next piece of line.
  bool InlineLabel(Arrow& arrow, std::string_view close) {
    const size_t stop = text_.find(close, at_);
    if (stop == std::string_view::npos || stop >= end_) return false;
    std::string_view label = text_.substr(at_, stop - at_);
    while (!label.empty() && IsBlank(label.front())) label.remove_prefix(1);
    while (!label.empty() && IsBlank(label.back())) label.remove_suffix(1);
    if (label.size() >= 2 && label.front() == '"' && label.back() == '"')
      label = label.substr(1, label.size() - 2);
    arrow.label = Shown(label);
    at_ = stop + close.size();
    return true;
  }

  /// Which names are boxes is known only at the end.
  void Resolve() {
    for (const Mention& mention : mentions_)
      if (mention.declared || groups_.count(mention.node.id) == 0)
        diagram_.nodes.push_back(mention.node);
    for (RawConnection& raw : connections_)
      diagram_.connections.push_back(std::move(raw.connection));
    Canonicalize(diagram_);
  }

  std::shared_ptr<const SourceText> source_;
  std::string_view text_;
  Diagnostics& found_;
  Diagram diagram_;
  size_t at_ = 0;
  size_t end_ = 0;
  bool started_ = false;
  bool stopped_ = false;
  std::vector<OpenGroup> open_;
  std::map<std::string, size_t, std::less<>> groups_;  // id → where
  std::map<std::string, size_t, std::less<>> mention_index_;
  std::vector<Mention> mentions_;
  std::vector<RawConnection> connections_;
};

}  // namespace

std::optional<Diagram> ParseMermaid(const std::shared_ptr<const SourceText>& source,
                                    Diagnostics& found) {
  return Parser(source, found).Run();
}

}  // namespace tandem
