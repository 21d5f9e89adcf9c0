// What a tool's exit status says, as sysexits.h and shells have it, so that scripts can tell a
// wrong file (65) from a full disk (74) from a server that does not answer (69). docs/errors.md
// names the codes; docs/commands.md has the table for users.
#pragma once

#include "core/base/errors.h"

namespace weir {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;        // wrong arguments
inline constexpr int kExitData = 65;         // the input is not what it should be
inline constexpr int kExitNoInput = 66;      // the input is not there
inline constexpr int kExitUnavailable = 69;  // a server does not answer, or not usefully
inline constexpr int kExitSoftware = 70;     // a fault in Weir
inline constexpr int kExitCannotCreate = 73;
inline constexpr int kExitIo = 74;
inline constexpr int kExitTryAgain = 75;
inline constexpr int kExitRefused = 77;  // a token or key does not allow it

// kInterrupted gives 128 + the signal that came (130 for Ctrl-C, 143 for SIGTERM), as a shell would
// report a program that the signal had killed.
int exit_code(ErrorCode code) noexcept;

}  // namespace weir
