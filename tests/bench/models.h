// Models to measure with: documents of about half a kilobyte in the shapes that plans come in.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/source.h"

namespace tandem::bench {

enum class Shape {
  kFlat,    // no references
  kNear,    // ten layers, three references to neighbours in the layer before
  kSpread,  // ten layers, three references to anywhere in the layer before
  kChain,   // each refers to the one before it
  kFan,     // all refer to the first
  kWide,    // lists of 2,000 references, one list for every 2,000 resources
};

constexpr std::string_view kShapes[] = {"flat", "near", "spread", "chain", "fan", "wide"};
std::string_view ShapeName(Shape shape);
/// False when `name` is none.
bool ParseShape(std::string_view name, Shape* shape);

struct ModelOptions {
  Shape shape = Shape::kFlat;
  size_t count = 1000;
  std::string kind = "Plain";  // of bench.aws: Plain, Named (listed by name only), Quick, Slow
  size_t components = 0;       // boxes that the resources are spread over
  size_t a_file = 1000;        // documents
};

using Sources = std::vector<std::shared_ptr<const SourceText>>;

/// The platform's file first, then `count` resources. The same options give the same bytes.
Sources MakeModel(const ModelOptions& options);

/// One resource's document; another `version` gives another value of one of its tags.
std::string MakeDocument(const ModelOptions& options, size_t index, int version);

std::string AddressOf(const ModelOptions& options, size_t index);

}  // namespace tandem::bench
