#include <cstdio>

int main() {
  std::fputs("weir: no command: see weir --help\n", stderr);
  return 64;
}
