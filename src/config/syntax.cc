#include "config/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/characters.h"

namespace tandem {
namespace {

size_t LineEnd(std::string_view text, size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// A tab among the leading blanks of the line at `at` or of the next one, or npos.
size_t TabInIndent(std::string_view text, size_t at) {
  size_t start = LineStart(text, std::min(at, text.size()));
  for (int line = 0; line < 2 && start < text.size(); ++line) {
    for (size_t i = start; i < text.size() && (text[i] == ' ' || text[i] == '\t'); ++i)
      if (text[i] == '\t') return i;
    start = LineEnd(text, start) + 1;
  }
  return std::string_view::npos;
}

bool EndsToken(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsFlowMark(char c) { return c == '[' || c == ']' || c == '{' || c == '}' || c == ','; }

/// The first quote from `from` on that nothing closes, or npos.
size_t OpenQuote(std::string_view text, size_t from) {
  bool start = true;  // a token may start here
  for (size_t at = from; at < text.size();) {
    const char c = text[at];
    if (start && (c == '"' || c == '\'')) {
      size_t close = at + 1;
      while (close < text.size() && text[close] != c)
        close += c == '"' && text[close] == '\\' ? 2 : 1;
      if (close >= text.size()) return at;
      at = close + 1;
      start = false;
    } else if (start && c == '#') {
      at = LineEnd(text, at);
    } else {
      start = EndsToken(c) || IsFlowMark(c);
      ++at;
    }
  }
  return std::string_view::npos;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

Diagnostic UnclosedQuote(const DocumentText& document, size_t at) {
  const char quote = document.text()[at];
  Diagnostic found;
  found.summary = "this quote is never closed";
  found.detail = fmt::format("add the closing {}; inside it, {} is written {}", quote, quote,
                             quote == '"' ? "\\\"" : "''");
  found.range = {document.source, document.begin + at, document.begin + at + 1};
  return found;
}

Diagnostic ExplainFault(const DocumentText& document, const YamlFault& fault,
                        const ReadSoFar& read) {
  const std::string_view text = document.text();
  size_t at = std::min(fault.at, text.size());
  Diagnostic found;
  const std::string& reason = fault.reason;
  const size_t tab = TabInIndent(text, at);
  const size_t quote = OpenQuote(text, std::min(read.end, text.size()));
  if (quote != std::string_view::npos) return UnclosedQuote(document, quote);
  const auto say = [&](std::string summary, std::string detail) {
    found.summary = std::move(summary);
    found.detail = std::move(detail);
  };
  const bool in_brackets = read.bracket != std::string_view::npos;
  if (tab != std::string_view::npos) {
    at = tab;
    say("a tab in the indentation", "YAML is indented with spaces only");
  } else if (Contains(reason, "flow not found") && in_brackets &&
             LineStart(text, at) != LineStart(text, read.bracket)) {
    at = read.bracket;
    const bool list = text[at] == '[';
    say(fmt::format("this '{}' is never closed", text[at]),
        fmt::format("add the closing '{}', or the ',' that is missing between two entries",
                    list ? ']' : '}'));
  } else if (Contains(reason, "flow not found")) {
    say("a ',' or a closing bracket is missing before this",
        "quote a text that holds any of , [ ] { }");
  } else if (Contains(reason, "illegal flow end")) {
    say("this bracket closes nothing", "remove it, or quote the text it belongs to");
  } else if (Contains(reason, "illegal map value")) {
    say("a ': ' is not allowed here",
        "quote the text if the ':' is part of it; else check the indentation of this line");
  } else if (Contains(reason, "end of map not found") ||
             Contains(reason, "end of sequence not found")) {
    say("this line does not fit the structure above it",
        "members of one map, and items of one list, start in the same column; a member is 'key: "
        "value'");
  } else if (Contains(reason, "illegal block entry")) {
    say("a list item is not allowed here",
        "put '-' on a line of its own, indented like its siblings");
  } else if (Contains(reason, "illegal map key")) {
    say("a map key is not allowed here", "check the indentation of this line");
  } else if (Contains(reason, "unknown escape character")) {
    say("an unknown escape in a double-quoted string",
        "write a backslash as \\\\, or use single quotes");
  } else if (Contains(reason, "hex number") || Contains(reason, "invalid unicode")) {
    say("a bad character escape in a double-quoted string",
        "\\x takes two hexadecimal digits, \\u four, \\U eight");
  } else if (Contains(reason, "referenced anchor is not defined")) {
    say("this alias names an anchor that does not exist",
        "an anchor '&name' comes before its aliases, in the same document; quote a text that "
        "starts "
        "with '*'");
  } else if (Contains(reason, "alias") || Contains(reason, "anchor")) {
    say("a malformed anchor or alias", "quote a text that starts with '*' or '&'");
  } else if (Contains(reason, "tag")) {
    say("a malformed tag", "quote a text that starts with '!'");
  } else if (Contains(reason, "block scalar")) {
    say("a malformed block scalar", "after '|' or '>' come only an indentation digit, '+' or '-'");
  } else if (Contains(reason, "unknown token")) {
    say(at < text.size() ? fmt::format("a value cannot start with '{}'", text[at])
                         : "a value is missing here",
        "quote it");
  } else {
    say("this is not valid YAML", reason);
  }
  found.range = {document.source, document.begin + at,
                 document.begin + std::min(at + 1, text.size())};
  return found;
}

}  // namespace tandem
