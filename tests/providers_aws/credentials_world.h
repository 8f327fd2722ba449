// A made-up machine for tests of credentials: variables, files, commands, a token service.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "providers/aws/credentials/chain.h"
#include "tandem/base/check.h"
#include "tandem/http/client.h"

namespace tandem::aws {

// Made up; nobody's secrets.
inline constexpr char kFakeKey[] = "AKIDMADEUP";
inline constexpr char kFakeSecret[] = "made-up-secret/for+tests";
inline constexpr char kFakeToken[] = "made-up-token-for-tests";

struct World {
  std::map<std::string, std::string> variables = {
      {"HOME", "/home/u"},
      // Nobody listens at port 1 of this machine, and the true service is never asked.
      {"AWS_EC2_METADATA_DISABLED", "true"},
  };
  std::map<std::string, std::string> files;
  std::map<std::string, Result<std::string>> commands;  // by their words joined with '|'
  std::vector<StsCall> sts_calls;
  Status sts_failure;  // of every call, if not ok
  ManualClock clock;
  std::unique_ptr<HttpClient> http;

  World() {
    auto client = NewHttpClient();
    TANDEM_CHECK(client.ok());
    http = std::move(client).value();
  }

  CredentialPorts Ports() {
    CredentialPorts ports;
    ports.environment.get = [this](const std::string& name) -> std::optional<std::string> {
      auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    ports.environment.read = [this](const std::string& path) -> Result<std::string> {
      auto found = files.find(path);
      if (found == files.end()) return NotFound("cannot read " + path + ": no such file");
      return found->second;
    };
    ports.environment.run = [this](const std::vector<std::string>& words, Duration,
                                   std::stop_token) -> Result<std::string> {
      std::string line;
      for (const std::string& word : words) line += (line.empty() ? "" : "|") + word;
      auto found = commands.find(line);
      if (found == commands.end()) return FailedPrecondition("cannot start " + words.at(0));
      return found->second;
    };
    ports.http = http.get();
    ports.clock = &clock;
    ports.sts = [this](const StsCall& call, std::stop_token) -> Result<Credentials> {
      sts_calls.push_back(call);
      if (!sts_failure.ok()) return sts_failure;
      Credentials credentials;
      credentials.access_key = "ASIAROLE" + std::to_string(sts_calls.size());
      credentials.secret_key = kFakeSecret;
      credentials.token = kFakeToken;
      credentials.expiry = clock.Now() + std::chrono::hours(1);
      return credentials;
    };
    ports.region = "eu-central-1";
    return ports;
  }

  Result<Credentials> Fetch(CredentialSettings settings = {}) {
    return FetchCredentials(settings, Ports());
  }

  void SetKeys() {
    variables["AWS_ACCESS_KEY_ID"] = kFakeKey;
    variables["AWS_SECRET_ACCESS_KEY"] = kFakeSecret;
  }

  /// The value of a parameter of a call, or "".
  std::string Parameter(size_t call, std::string_view name) const {
    for (const auto& [key, value] : sts_calls.at(call).parameters) {
      if (key == name) return value;
    }
    return "";
  }
};

/// The two texts that must never be in a message.
inline bool HoldsSecret(const std::string& text) {
  return text.find(kFakeSecret) != std::string::npos || text.find(kFakeToken) != std::string::npos;
}

}  // namespace tandem::aws
