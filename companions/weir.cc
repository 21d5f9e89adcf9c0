// `weir`: one binary for every server role and admin tool. Only wires.
#include <malloc.h>

#include "companions/commands.h"

int main(int argc, char** argv) {
  // Pieces come and go as buffers of megabytes: memory that is given back to the system after each
  // costs more time in page faults than encryption does.
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  weir::CommandLine line("weir", "Weir's tools for admins: films into pieces, pieces into films.");
  weir::add_split_command(line);
  weir::add_merge_command(line);
  weir::add_inspect_command(line);
  weir::add_verify_command(line);
  weir::add_token_commands(line);
  return line.run(argc, argv);
}
