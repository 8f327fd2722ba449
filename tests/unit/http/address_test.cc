#include "http/address.h"

#include <gtest/gtest.h>

namespace tandem::http {
namespace {

TEST(Address, Reach) {
  const std::pair<const char*, HttpReach> kCases[] = {
      {"8.8.8.8", HttpReach::kPublic},
      {"172.32.0.1", HttpReach::kPublic},
      {"100.128.0.1", HttpReach::kPublic},
      {"2600:1f18::1", HttpReach::kPublic},
      {"64:ff9b::808:808", HttpReach::kPublic},
      {"10.1.2.3", HttpReach::kPrivate},
      {"172.16.0.1", HttpReach::kPrivate},
      {"172.31.255.255", HttpReach::kPrivate},
      {"192.168.1.1", HttpReach::kPrivate},
      {"100.64.0.1", HttpReach::kPrivate},
      {"fd12::1", HttpReach::kPrivate},
      {"::ffff:10.0.0.1", HttpReach::kPrivate},
      {"2002:0a00:0001::1", HttpReach::kPrivate},
      {"127.0.0.1", HttpReach::kAny},
      {"127.9.9.9", HttpReach::kAny},
      {"0.0.0.0", HttpReach::kAny},
      {"169.254.169.254", HttpReach::kAny},
      {"169.254.170.23", HttpReach::kAny},
      {"100.100.100.200", HttpReach::kAny},
      {"224.0.0.1", HttpReach::kAny},
      {"255.255.255.255", HttpReach::kAny},
      {"::1", HttpReach::kAny},
      {"::", HttpReach::kAny},
      {"fe80::1", HttpReach::kAny},
      {"fd00:ec2::254", HttpReach::kAny},
      {"::ffff:127.0.0.1", HttpReach::kAny},
      {"::ffff:169.254.169.254", HttpReach::kAny},
      {"::127.0.0.1", HttpReach::kAny},
      {"64:ff9b::a9fe:a9fe", HttpReach::kAny},
      {"2002:7f00:0001::1", HttpReach::kAny},
      {"ff02::1", HttpReach::kAny},
  };
  for (const auto& [text, reach] : kCases) {
    SCOPED_TRACE(text);
    auto address = ParseIpAddress(text, 443);
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(ReachOf(*address), reach);
  }
}

TEST(Address, OneForbiddenAmongAllowedIsRefused) {
  std::vector<IpAddress> addresses = {*ParseIpAddress("8.8.8.8", 443),
                                      *ParseIpAddress("169.254.169.254", 443)};
  Status status = CheckReach("rebind.example", addresses, HttpReach::kPrivate);
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_NE(status.message().find("169.254.169.254"), std::string::npos);
  EXPECT_TRUE(CheckReach("rebind.example", addresses, HttpReach::kAny).ok());
  EXPECT_TRUE(CheckReach("h", {addresses[0]}, HttpReach::kPublic).ok());
}

TEST(Address, NamesAreNotNumbers) {
  for (const char* text : {"localhost", "", "1.2.3", "0x7f.1", "::1%lo"}) {
    EXPECT_FALSE(ParseIpAddress(text, 1).has_value()) << text;
  }
}

}  // namespace
}  // namespace tandem::http
