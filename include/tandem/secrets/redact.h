// Texts from outside that may quote a secret: messages of providers, states of objects (R15).
//
// Pure.
#pragma once

#include <string>
#include <vector>

namespace tandem {

/// `text` with every spelling of the `secrets` in it replaced by "(sensitive)": as it is, as JSON, XML,
/// percent-encoding, hexadecimal and base64 at any alignment write it, pieces of eight bytes included, for
/// messages cut what they quote. A text that holds a secret too short
/// to be told from other words is replaced as a whole.
std::string RedactSecrets(const std::string& text, const std::vector<std::string>& secrets);

}  // namespace tandem
