#include "schema/file_kind.h"
namespace tandem {
Result<std::string> FileKind::Explain(std::string_view) const { return NotFound(""); }
}  // namespace tandem
