// write_schema FILE: writes the JSON schema of woad.yaml.
#include <cstdio>
#include <fstream>

#include "tests/filters/support/schema.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_schema FILE\n", stderr);
    return 2;
  }
  std::ofstream out(argv[1], std::ios::binary);
  out << woad::test::whole_schema();
  out.close();
  if (!out) std::fprintf(stderr, "write_schema: cannot write %s\n", argv[1]);
  return out ? 0 : 1;
}
