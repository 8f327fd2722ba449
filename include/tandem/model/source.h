// Texts that documents come from, places in them, and what is wrong there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

/// One file (or standard input, named "-") as read, or a piece of one. Immutable once shared.
struct SourceText {
  std::string name;  // as the user would type it
  std::string text;
  int first_line = 1;  // where in its file the piece begins
};

/// 1-based line, 1-based column counted in Unicode code points.
struct Position {
  int line = 0;
  int column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

Position PositionAt(const SourceText& source, size_t offset);

/// Lines of places that come in the order of their text, each counted on from the one before.
class LineCount {
 public:
  int64_t At(const SourceText& source, size_t offset);

 private:
  const SourceText* source_ = nullptr;
  size_t counted_ = 0;
  int64_t line_ = 1;
};

/// Bytes [begin, end) of a text. Empty `text` means that no place is known.
struct SourceRange {
  std::shared_ptr<const SourceText> text;
  size_t begin = 0;
  size_t end = 0;
};

enum class Severity { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string summary;  // one line, no full stop: "unknown field 'CidrBlok'"
  std::string detail;   // what to do about it; may be empty
  std::string address;  // of the resource concerned; may be empty
  SourceRange range;
};

/// Everything found wrong. Gather all, sort at the edge.
class Diagnostics {
 public:
  void Add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void Error(SourceRange range, std::string summary, std::string detail = "", std::string address = "");
  void Warning(SourceRange range, std::string summary, std::string detail = "",
               std::string address = "");
  void Append(const Diagnostics& other);

  bool has_errors() const;
  bool empty() const { return items_.empty(); }
  int errors() const;
  int warnings() const;
  const std::vector<Diagnostic>& items() const { return items_; }
  /// By file name, place, severity, then summary. Equal ones are kept once.
  void Sort();

 private:
  std::vector<Diagnostic> items_;
};

/// For people, without colour:
///
///   error: unknown field 'CidrBlok'
///     --> network.yaml:7:3
///      |
///    7 |   CidrBlok: 10.0.0.0/16
///      |   ^^^^^^^^
///      = did you mean 'CidrBlock'?
///
/// Lines longer than 160 code points are cut around the caret.
std::string FormatDiagnostic(const Diagnostic& diagnostic);
std::string FormatDiagnostics(const Diagnostics& diagnostics);

}  // namespace tandem
