#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "config/characters.h"
#include "tandem/base/hash.h"
#include "tandem/base/utf8.h"
#include "tandem/config/parse.h"

namespace tandem {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

/// True if the text has something besides blanks and a comment. One line.
bool HasContent(std::string_view line) {
  const size_t at = line.find_first_not_of(" \t\r");
  return at != std::string_view::npos && line[at] != '#';
}

bool IsMarker(std::string_view line, std::string_view marker) {
  return line.substr(0, 3) == marker && (line.size() == 3 || IsSpace(line[3]));
}

/// True if the eight bytes are printable ASCII.
bool EightPrintable(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t high = (word | (word + kOnes)) & (kOnes * 0x80);  // not ASCII, or DEL
  const uint64_t control = (word - kOnes * 0x20) & ~word & (kOnes * 0x80);
  return (high | control) == 0;
}

/// Reports the first byte that no text may hold. True if there is none.
bool CheckBytes(const std::shared_ptr<const SourceText>& source, size_t begin, size_t end,
                Diagnostics& found) {
  const std::string_view text = std::string_view(source->text).substr(0, end);
  size_t at = begin;
  while (at < end) {
    if (end - at >= 8 && EightPrintable(text.data() + at)) {
      at += 8;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const size_t size = CharacterBytes(text.substr(at));
      if (size == 0) {
        found.Error({source, at, at + 1}, fmt::format("byte 0x{:02X} is not valid UTF-8", c),
                    "save the file as UTF-8");
        return false;
      }
      at += size;
      continue;
    }
    if (c == 0) {
      found.Error({source, at, at + 1}, "a NUL byte: this is not a text file",
                  "remove it, or leave this file out");
      return false;
    }
    if (c == '\r' && (at + 1 == end || text[at + 1] != '\n')) {
      found.Error({source, at, at + 1}, "a carriage return without a line feed",
                  "end lines with LF or CRLF");
      return false;
    }
    if ((c < 0x20 || c == 0x7f) && c != '\t' && c != '\n' && c != '\r') {
      found.Error({source, at, at + 1}, fmt::format("control character 0x{:02X}", c),
                  "write it as an escape in a double-quoted string");
      return false;
    }
    ++at;
  }
  return true;
}

class Splitter {
 public:
  Splitter(std::shared_ptr<const SourceText> source, const ParseLimits& limits, Diagnostics& found)
      : source_(std::move(source)), limits_(limits), found_(found) {}

  std::vector<DocumentText> Run() {
    const std::string_view text = source_->text;
    if (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF") {
      found_.Error({source_, 0, 0}, "this text is UTF-16", "save the file as UTF-8");
      return {};
    }
    size_t at = text.substr(0, kBom.size()) == kBom ? kBom.size() : 0;
    begin_ = at;
    while (at < text.size() && !full_) {
      const size_t newline = text.find('\n', at);
      const size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
      Line(at, text.substr(at, next - at - (newline == std::string_view::npos ? 0 : 1)), next);
      at = next;
    }
    if (!full_) Close(text.size());
    return std::move(texts_);
  }

 private:
  void Line(size_t at, std::string_view line, size_t next) {
    const char first = line.empty() ? ' ' : line[0];
    if (first == '-' && IsMarker(line, "---")) {
      Close(at);
      // `--- {a: 1}` and `--- |` start on the marker's line; a block map cannot.
      content_ = HasContent(line.substr(3));
      begin_ = content_ ? at + 3 : next;
    } else if (first == '.' && IsMarker(line, "...")) {
      Close(at);
      if (HasContent(line.substr(3)))
        found_.Error({source_, at, at + line.size()}, "text after the end mark '...'",
                     "start the next document with a line '---'");
      begin_ = next;
    } else if (first == '%' && !content_) {
      if (line.substr(0, 6) != "%YAML ")
        found_.Error({source_, at, at + line.size()}, "YAML directives are not supported",
                     "remove the line");
      begin_ = next;
    } else if (!content_) {
      content_ = HasContent(line);
    }
  }

  void Close(size_t end) {
    size_t begin = begin_;
    // Files that were joined have the mark inside, too.
    while (std::string_view(source_->text).substr(begin, kBom.size()) == kBom) begin += kBom.size();
    const bool content = content_;
    begin_ = end;
    content_ = false;
    if (!content) return;
    if (texts_.size() == limits_.documents) {
      found_.Error({source_, begin, begin},
                   fmt::format("more than {} documents in one file", limits_.documents),
                   "split the file");
      full_ = true;
      return;
    }
    if (end - begin > limits_.document_bytes) {
      found_.Error({source_, begin, begin},
                   fmt::format("this document has {} bytes; the limit is {}", end - begin,
                               limits_.document_bytes),
                   "keep large contents outside the model, or split the document");
      return;
    }
    if (!CheckBytes(source_, begin, end, found_)) return;
    const std::string_view text = std::string_view(source_->text).substr(begin, end - begin);
    texts_.push_back({source_, begin, end, Hex(Sha256(text))});
  }

  std::shared_ptr<const SourceText> source_;
  const ParseLimits& limits_;
  Diagnostics& found_;
  std::vector<DocumentText> texts_;
  size_t begin_ = 0;
  bool content_ = false;
  bool full_ = false;
};

}  // namespace

std::vector<DocumentText> SplitDocuments(const std::shared_ptr<const SourceText>& source,
                                         const ParseLimits& limits, Diagnostics& found) {
  return Splitter(source, limits, found).Run();
}

}  // namespace tandem
