#include "proxy/net/tls/pem_blocks.h"

#include <doctest/doctest.h>

namespace woad::test {
namespace {

const std::string kBegin = "-----BEGIN A-----\n";
const std::string kEnd = "-----END A-----\n";
const std::string kBlock = kBegin + "aGVsbG8=\n" + kEnd;  // "hello"

// "1:A hello 5:B x", or the error.
std::string show(const std::string& text) {
  const auto blocks = read_pem_blocks(text);
  if (!blocks) return blocks.error().message;
  std::string all;
  for (const PemBlock& block : *blocks) {
    all += (all.empty() ? "" : " ") + std::to_string(block.line) + ":" + block.label +
           (block.has_headers ? "+" : "") + " " + block.der;
  }
  return all;
}

TEST_CASE("blocks that are read") {
  const struct {
    const char* what;
    std::string text;
    std::string blocks;
  } kCases[] = {
      {"nothing", "", ""},
      {"text alone", "subject=CN = root\n\n", ""},
      {"one", kBlock, "1:A hello"},
      {"no line end behind it", kBlock.substr(0, kBlock.size() - 1), "1:A hello"},
      {"two, text around", "# one\n" + kBlock + "Certificate:\n    Data:\n" + kBlock + "the end\n",
       "2:A hello 7:A hello"},
      {"a label of several words", "-----BEGIN X509 CRL-----\naGk=\n-----END X509 CRL-----",
       "1:X509 CRL hi"},
      {"CR LF", "text\r\n-----BEGIN A-----\r\naGVs\r\nbG8=\r\n-----END A-----\r\n", "2:A hello"},
      {"CR", "text\r-----BEGIN A-----\raGVs\rbG8=\r-----END A-----\r", "2:A hello"},
      {"indented", "  -----BEGIN A-----\n\taGVs\n  bG8=\n  -----END A-----\n", "1:A hello"},
      {"blanks behind and inside", "-----BEGIN A-----  \naG Vs bG8= \n\n-----END A-----\t\n",
       "1:A hello"},
      {"one character a line", kBegin + "a\nG\nV\ns\nb\nG\n8\n=\n" + kEnd, "1:A hello"},
      {"a byte order mark", "\xef\xbb\xbf" + kBlock, "1:A hello"},
      {"headers", kBegin + "Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\naGk=\n" + kEnd, "1:A+ hi"},
      {"a block that is commented out", "#-----BEGIN A-----\n# aGk=\n #-----END A-----\n" + kBlock,
       "4:A hello"},
      {"underlined headings",
       "GlobalSign\n==========\n-- the end of it\n----------\n-----\n" + kBlock, "6:A hello"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.what);
    CHECK(show(test.text) == test.blocks);
  }
}

TEST_CASE("what could be a block and is none is an error with its line") {
  const struct {
    const char* what;
    std::string text;
    std::string why;  // what the error begins with
  } kCases[] = {
      {"no END", "\n" + kBegin + "aGk=\n", "line 2: BEGIN A has no END"},
      {"cut in its END", kBegin + "aGk=\n-----END A", "line 3: \"-----END A\" is not the END of"},
      {"no BEGIN", "aGk=\n" + kEnd, "line 2: END A has no BEGIN"},
      {"the next block comes first", kBegin + "aGk=\n" + kBlock,
       "line 3: \"-----BEGIN A-----\" is not the END of BEGIN A in line 1"},
      {"another END", kBegin + "aGk=\n-----END B-----\n",
       "line 3: END B follows BEGIN A in line 1"},
      {"four dashes", "----BEGIN A-----\n", "line 1: \"----BEGIN A-----\" is no boundary"},
      {"four dashes behind", kBlock + "-----BEGIN A----\n", "line 4: "},
      {"blanks within", "----- BEGIN A -----\n", "line 1: "},
      {"small letters", "-----begin a-----\n", "line 1: "},
      {"no label", "-----BEGIN -----\n", "line 1: "},
      {"quoted as in a mail", "> -----BEGIN A-----\n", "line 1: "},
      {"text in front", "root: -----BEGIN A-----\n", "line 1: "},
      {"two in one line", "-----BEGIN A----------BEGIN B-----\n", "line 1: "},
      {"data in the line", "-----BEGIN A-----aGk=-----END A-----\n", "line 1: "},
      {"an escaped line end", "-----BEGIN A-----\\naGk=\\n-----END A-----\\n", "line 1: "},
      {"no base64", kBegin + "aGk=\nhello, world\n" + kEnd,
       "line 3: \"hello, world\" is not base64"},
      {"a NUL", kBegin + std::string("aG\0k=", 5) + "\n" + kEnd, "line 2: "},
      {"half a group", kBegin + "aGk\n" + kEnd, "line 1: BEGIN A holds no whole base64"},
      {"nothing in it", kBegin + kEnd, "line 1: BEGIN A holds no whole base64"},
      {"padding in the middle", kBegin + "aG=k\n" + kEnd, "line 1: "},
      {"too much padding", kBegin + "a===\n" + kEnd, "line 1: "},
      {"two texts, each padded", kBegin + "aGk=\naGk=\n" + kEnd, "line 1: "},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.what);
    const std::string shown = show(test.text);
    CAPTURE(shown);
    CHECK(shown.starts_with(test.why));
  }
}

}  // namespace
}  // namespace woad::test
