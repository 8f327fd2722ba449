// yaml-cpp's events as ours: byte offsets for marks, no exceptions. The only file that calls
// yaml-cpp is yaml_events.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem {

/// What a node says about itself, besides its content.
struct NodeTraits {
  size_t at = 0;         // of its properties if it has any, else of its content
  std::string_view tag;  // "" for none; "!" where a plain scalar says it is a string
  bool quoted = false;   // scalars: not plain
  bool flow = false;     // collections: in brackets, or a single pair inside brackets
  uint64_t anchor = 0;   // 0: none
};

/// Gets the events of one document. Each returns false to stop.
class YamlSink {
 public:
  virtual ~YamlSink() = default;
  /// A plain null, or a node without content: then `at` is the place of whatever comes next.
  virtual bool OnNull(const NodeTraits& node) = 0;
  virtual bool OnAlias(size_t at, uint64_t anchor) = 0;
  virtual bool OnScalar(const NodeTraits& node, const std::string& value) = 0;
  virtual bool OnListStart(const NodeTraits& node) = 0;
  virtual bool OnListEnd() = 0;
  virtual bool OnMapStart(const NodeTraits& node) = 0;
  virtual bool OnMapEnd() = 0;
  /// The text has content after its document; nothing more is sent, as yaml-cpp may go on for ever.
  virtual void OnExtra(size_t at) = 0;
};

struct YamlFault {
  size_t at = 0;
  std::string reason;  // yaml-cpp's words
};

/// Sends the events of `text`, checked UTF-8 without separators, until its end, a fault, or a sink
/// that stopped.
std::optional<YamlFault> ReadYaml(std::string_view text, YamlSink& sink);

}  // namespace tandem
