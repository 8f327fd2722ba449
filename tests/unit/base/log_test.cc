#include "tandem/base/log.h"

#include <gtest/gtest.h>

#include <string>

namespace tandem {
namespace {

std::string Logged(LogLevel level, std::string_view message, const std::string& value) {
  ::testing::internal::CaptureStderr();
  Log(level, message, {{"why", value}});
  return ::testing::internal::GetCapturedStderr();
}

// A provider's message could otherwise write lines of its own, or move the cursor of who reads the log.
TEST(LogTest, WhatOthersSaidStaysOnOneLineWithoutControlCharacters) {
  const std::string line = Logged(LogLevel::kWarning, "two\nlines \x1b[2K", "a\nb\x1b \"c\"");
  EXPECT_EQ(line.substr(line.find(" warning ")), " warning two\\nlines ?[2K why=\"a\\nb? \\\"c\\\"\"\n");
}

TEST(LogTest, WhatIsBelowTheLevelIsNotLogged) {
  SetLogLevel(LogLevel::kWarning);
  EXPECT_EQ(Logged(LogLevel::kInfo, "quiet", "x"), "");
  SetLogLevel(LogLevel::kInfo);
  EXPECT_NE(Logged(LogLevel::kInfo, "said", "x"), "");
}

}  // namespace
}  // namespace tandem
