#include "http/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

namespace tandem::http {
namespace {

struct Block4 {
  uint32_t network;
  int bits;
  HttpReach reach;
};

// IANA's special-purpose registry, as far as it matters to a client.
constexpr Block4 kBlocks4[] = {
    {0x00000000, 8, HttpReach::kAny},      // "this network": Linux connects to itself
    {0x7f000000, 8, HttpReach::kAny},      // loopback
    {0xa9fe0000, 16, HttpReach::kAny},     // link-local, metadata services
    {0xe0000000, 3, HttpReach::kAny},      // multicast, reserved, broadcast
    {0xc0000000, 24, HttpReach::kAny},     // protocol assignments
    {0x646464c8, 32, HttpReach::kAny},     // 100.100.100.200: a metadata service
    {0x0a000000, 8, HttpReach::kPrivate},  // RFC 1918
    {0xac100000, 12, HttpReach::kPrivate}, {0xc0a80000, 16, HttpReach::kPrivate},
    {0x64400000, 10, HttpReach::kPrivate},  // shared address space
    {0xc6120000, 15, HttpReach::kPrivate},  // benchmarks
};

HttpReach ReachOf4(uint32_t address) {
  for (const Block4& block : kBlocks4) {
    uint32_t mask = block.bits == 0 ? 0 : ~uint32_t{0} << (32 - block.bits);
    if ((address & mask) == (block.network & mask)) return block.reach;
  }
  return HttpReach::kPublic;
}

uint32_t BigEndian32(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

HttpReach ReachOf6(const in6_addr& address) {
  const uint8_t* b = address.s6_addr;
  static constexpr uint8_t kZeros[16] = {};
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr uint8_t kTranslated[12] = {0x00, 0x64, 0xff, 0x9b};
  static constexpr uint8_t kMetadata[4] = {0xfd, 0x00, 0x0e, 0xc2};
  if (std::memcmp(b, kMapped, 12) == 0 || std::memcmp(b, kTranslated, 12) == 0) {
    return ReachOf4(BigEndian32(b + 12));
  }
  if (b[0] == 0x20 && b[1] == 0x02) return ReachOf4(BigEndian32(b + 2));  // 6to4
  if (std::memcmp(b, kZeros, 12) == 0) return HttpReach::kAny;        // ::, ::1, IPv4-compatible
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) return HttpReach::kAny;  // link-local
  if (b[0] == 0xff) return HttpReach::kAny;                           // multicast
  if (std::memcmp(b, kMetadata, 4) == 0) return HttpReach::kAny;      // fd00:ec2::/32
  if ((b[0] & 0xfe) == 0xfc) return HttpReach::kPrivate;              // unique local
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0) return HttpReach::kPrivate;  // site-local
  return HttpReach::kPublic;
}

}  // namespace

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&socket)->sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&socket)->sin6_addr, text,
              sizeof text);
  }
  return text;
}

std::optional<IpAddress> ParseIpAddress(const std::string& text, int port) {
  IpAddress address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.socket);
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(sockaddr_in);
    return address;
  }
  address = IpAddress();
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.socket);
  if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

HttpReach ReachOf(const IpAddress& address) {
  if (address.family() == AF_INET) {
    return ReachOf4(ntohl(reinterpret_cast<const sockaddr_in*>(&address.socket)->sin_addr.s_addr));
  }
  if (address.family() == AF_INET6) {
    return ReachOf6(reinterpret_cast<const sockaddr_in6*>(&address.socket)->sin6_addr);
  }
  return HttpReach::kAny;
}

Status CheckReach(const std::string& host, const std::vector<IpAddress>& addresses,
                  HttpReach reach) {
  for (const IpAddress& address : addresses) {
    HttpReach needed = ReachOf(address);
    if (needed <= reach) continue;
    return PermissionDenied(
        fmt::format("{} stands for {}, {}: only an endpoint that the account names may lie there",
                    host, address.ToString(),
                    needed == HttpReach::kAny ? "an address of this machine or its link"
                                              : "an address of a private network"));
  }
  return OkStatus();
}

}  // namespace tandem::http
