// Every command of `weir` registers itself through one of these; weir.cc calls them in the order of
// `weir --help`.
#pragma once

#include "runtime/command_line.h"

namespace weir {

void add_split_command(CommandLine& line);    // splitter/split_command.cc
void add_merge_command(CommandLine& line);    // splitter/merge_command.cc
void add_inspect_command(CommandLine& line);  // splitter/inspect_command.cc
void add_verify_command(CommandLine& line);   // splitter/verify_command.cc
void add_token_commands(CommandLine& line);   // token_command.cc: a group("token", …) of four

}  // namespace weir
