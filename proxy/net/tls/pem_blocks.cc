#include "proxy/net/tls/pem_blocks.h"

#include <algorithm>
#include <optional>

#include "proxy/base/strings.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

constexpr std::string_view kDashes = "-----";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr size_t kShown = 60;

Error at_line(size_t line, const std::string& what) {
  return Error{"line " + std::to_string(line) + ": " + what};
}

// Takes a line off `text`; LF, CR LF and CR end one.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  const bool two = end != std::string_view::npos && text.substr(end, 2) == "\r\n";
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + (two ? 2 : 1));
  return line;
}

// The label of "-----BEGIN label-----", for `word` BEGIN or END.
std::optional<std::string_view> label_of(std::string_view line, std::string_view word) {
  const size_t around = kDashes.size() + word.size() + 1;
  const bool whole = line.size() > around + kDashes.size() && line.starts_with(kDashes) &&
                     line.substr(kDashes.size()).starts_with(word) && line[around - 1] == ' ' &&
                     line.ends_with(kDashes);
  if (!whole) return std::nullopt;
  const std::string_view label = line.substr(around, line.size() - around - kDashes.size());
  return label == trim(label) && label.find('-') == std::string_view::npos ? std::optional(label)
                                                                           : std::nullopt;
}

// Dashes, then BEGIN or END, however they are written: a block that nobody must pass over.
bool looks_like_boundary(std::string_view line) {
  const std::string low = lower(line);
  for (const std::string_view word : {"begin ", "end "}) {
    const size_t at = low.find(word);
    if (at == std::string::npos) continue;
    if (trim(std::string_view(low).substr(0, at)).ends_with("--")) return true;
  }
  return false;
}

bool is_base64_char(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }

std::optional<std::string> decode_base64(const std::string& text) {
  const size_t digits = std::min(text.find('='), text.size());
  const size_t padding = text.size() - digits;
  if (text.empty() || text.size() % 4 != 0 || padding > 2) return std::nullopt;
  if (text.find_first_not_of('=', digits) != std::string::npos) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size != static_cast<int>(bytes.size())) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

class BlockReader {
 public:
  Result<std::vector<PemBlock>> run(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    while (!text.empty() && !error_) {
      ++line_;
      const std::string_view line = trim(take_line(text));
      place_ == Place::kOutside ? read_outside(line) : read_inside(line);
    }
    if (place_ != Place::kOutside && !error_)
      error_ = at_line(block_.line, "BEGIN " + block_.label + " has no END");
    if (error_) return *error_;
    return std::move(blocks_);
  }

 private:
  enum class Place { kOutside, kBegun, kHeaders, kData };

  void read_outside(std::string_view line) {
    if (const auto label = label_of(line, "BEGIN")) {
      block_ = PemBlock();
      block_.label = *label;
      block_.line = line_;
      data_.clear();
      place_ = Place::kBegun;
    } else if (const auto end = label_of(line, "END")) {
      fail("END " + std::string(*end) + " has no BEGIN");
    } else if (!line.starts_with('#') && looks_like_boundary(line)) {
      fail(in_quotes(line, kShown) +
           " is no boundary of a block, which is -----BEGIN CERTIFICATE-----"
           " alone in its line");
    }
  }

  void read_inside(std::string_view line) {
    if (line.starts_with('-')) return read_boundary(line);
    if (place_ == Place::kBegun && line.find(':') != std::string_view::npos) {
      block_.has_headers = true;
      place_ = Place::kHeaders;
    }
    if (place_ == Place::kHeaders) {
      if (line.empty()) place_ = Place::kData;
      return;
    }
    for (const char c : line) {
      if (c == ' ' || c == '\t') continue;
      if (!is_base64_char(c)) return fail(in_quotes(line, kShown) + " is not base64");
      data_ += c;
    }
    if (!line.empty()) place_ = Place::kData;
  }

  void read_boundary(std::string_view line) {
    const std::string begun = "BEGIN " + block_.label + " in line " + std::to_string(block_.line);
    const auto label = label_of(line, "END");
    if (!label) return fail(in_quotes(line, kShown) + " is not the END of " + begun);
    if (*label != block_.label) return fail("END " + std::string(*label) + " follows " + begun);
    auto der = decode_base64(data_);
    if (!der) {
      error_ = at_line(block_.line, "BEGIN " + block_.label + " holds no whole base64");
      return;
    }
    block_.der = std::move(*der);
    blocks_.push_back(std::move(block_));
    place_ = Place::kOutside;
  }

  void fail(const std::string& what) { error_ = at_line(line_, what); }

  std::vector<PemBlock> blocks_;
  PemBlock block_;  // that is being read
  std::string data_;
  Place place_ = Place::kOutside;
  size_t line_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<PemBlock>> read_pem_blocks(std::string_view text) {
  return BlockReader().run(text);
}

}  // namespace woad
