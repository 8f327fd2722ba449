// Small API descriptions for the tests of the wire.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tandem/schema/api_model.h"

namespace tandem::aws {

/// A description of one service with operation "Do" from these JSON texts.
inline std::shared_ptr<const ApiModel> ToyModel(const std::string& protocol,
                                                const std::string& operation,
                                                const std::string& shapes) {
  auto model = ApiModel::Load(R"({"metadata": {"protocol": ")" + protocol +
                              R"(", "apiVersion": "2020-01-01", "targetPrefix": "Toy_2020",
      "jsonVersion": "1.1", "endpointPrefix": "toy"}, "operations": {"Do": )" +
                              operation + R"(}, "shapes": )" + shapes + "}");
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return *model;
}

}  // namespace tandem::aws
