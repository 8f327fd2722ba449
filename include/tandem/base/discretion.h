// What a process that holds secrets owes them.
#pragma once

namespace tandem {

/// No core file of this process, and none of those it starts unless they ask for one; others of the same user
/// may not read its memory. Called first thing in main.
void KeepMemoryPrivate();

}  // namespace tandem
