#include "tandem/model/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "tandem/base/printable.h"

namespace tandem {
namespace {

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

int CodePoints(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

std::string_view SkipCodePoints(std::string_view text, int count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && !StartsCodePoint(text[at])) ++at;
    --count;
  }
  return text.substr(at);
}

constexpr int kMaxLine = 160;

}  // namespace

Position PositionAt(const SourceText& source, size_t offset) {
  const std::string_view text = source.text;
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  Position position;
  position.line = source.first_line + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const size_t newline = before.rfind('\n');
  const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  position.column = 1 + CodePoints(before.substr(start));
  return position;
}

int64_t LineCount::At(const SourceText& source, size_t offset) {
  if (&source != source_ || offset < counted_) {
    source_ = &source;
    counted_ = 0;
    line_ = source.first_line;
  }
  const std::string_view passed = std::string_view(source.text).substr(counted_, offset - counted_);
  line_ += std::count(passed.begin(), passed.end(), '\n');
  counted_ = offset;
  return line_;
}

void Diagnostics::Error(SourceRange range, std::string summary, std::string detail,
                        std::string address) {
  items_.push_back({Severity::kError, std::move(summary), std::move(detail), std::move(address),
                    std::move(range)});
}

void Diagnostics::Warning(SourceRange range, std::string summary, std::string detail,
                          std::string address) {
  items_.push_back({Severity::kWarning, std::move(summary), std::move(detail), std::move(address),
                    std::move(range)});
}

void Diagnostics::Append(const Diagnostics& other) {
  items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

int Diagnostics::errors() const {
  return static_cast<int>(std::count_if(items_.begin(), items_.end(), [](const Diagnostic& d) {
    return d.severity == Severity::kError;
  }));
}

int Diagnostics::warnings() const { return static_cast<int>(items_.size()) - errors(); }
bool Diagnostics::has_errors() const { return errors() > 0; }

void Diagnostics::Sort() {
  const auto key = [](const Diagnostic& d) {
    static const std::string none;
    return std::tie(d.range.text == nullptr ? none : d.range.text->name, d.range.begin, d.severity,
                    d.summary, d.address, d.detail);
  };
  std::stable_sort(items_.begin(), items_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  items_.erase(std::unique(items_.begin(), items_.end(),
                           [&](const Diagnostic& a, const Diagnostic& b) { return key(a) == key(b); }),
               items_.end());
}

std::string FormatDiagnostic(const Diagnostic& diagnostic) {
  std::string out = diagnostic.severity == Severity::kError ? "error: " : "warning: ";
  out += diagnostic.summary + "\n";
  std::string margin = "  ";
  if (diagnostic.range.text != nullptr) {
    const std::string_view text = diagnostic.range.text->text;
    const size_t begin = std::min(diagnostic.range.begin, text.size());
    const Position at = PositionAt(*diagnostic.range.text, begin);
    const std::string number = std::to_string(at.line);
    margin = std::string(number.size() + 2, ' ');
    out += fmt::format("{}--> {}:{}:{}\n", margin.substr(1), diagnostic.range.text->name, at.line,
                       at.column);
    const size_t newline = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
    const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    size_t stop = std::min(text.find('\n', start), text.size());
    if (stop > start && text[stop - 1] == '\r') --stop;
    std::string_view line = text.substr(start, stop - start);
    int caret = at.column - 1;
    const size_t end = std::clamp(diagnostic.range.end, begin, std::max(begin, stop));
    int width = std::max(1, CodePoints(text.substr(begin, end - begin)));
    std::string prefix;
    if (CodePoints(line) > kMaxLine) {
      const int skip = std::max(0, caret - kMaxLine / 2);
      line = SkipCodePoints(line, skip);
      const std::string_view rest = SkipCodePoints(line, kMaxLine);
      if (skip > 0) prefix = "…";
      caret = caret - skip + CodePoints(prefix);
      const bool cut = !rest.empty();
      line = line.substr(0, line.size() - rest.size());
      width = std::min(width, kMaxLine - std::min(caret, kMaxLine - 1));
      out += fmt::format("{}|\n {} | {}{}{}\n{}| {}{}\n", margin, number, prefix, Printable(line),
                         cut ? "…" : "", margin, std::string(caret, ' '), std::string(width, '^'));
    } else {
      out += fmt::format("{}|\n {} | {}\n{}| {}{}\n", margin, number, Printable(line), margin,
                         std::string(caret, ' '), std::string(width, '^'));
    }
  }
  if (!diagnostic.address.empty()) out += fmt::format("{}= in {}\n", margin, diagnostic.address);
  std::string_view detail = diagnostic.detail;
  bool first = true;
  while (!detail.empty()) {
    const size_t stop = std::min(detail.find('\n'), detail.size());
    out += fmt::format("{}{} {}\n", margin, first ? "=" : " ", detail.substr(0, stop));
    detail.remove_prefix(std::min(stop + 1, detail.size()));
    first = false;
  }
  return PrintableLines(out);
}

std::string FormatDiagnostics(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    if (!out.empty()) out += '\n';
    out += FormatDiagnostic(diagnostic);
  }
  return out;
}

}  // namespace tandem
