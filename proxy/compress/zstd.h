// Zstandard (RFC 8878), and frames that say only what differs from a dictionary that both sides
// have (RFC 9842, content coding "dcz"). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad {

std::string zstd_compress(std::string_view bytes);
// The error says why: broken, cut off, or over `most` bytes unpacked.
Result<std::string> zstd_decompress(std::string_view bytes, size_t most);

// A whole "dcz" body: its header with the dictionary's SHA-256 (32 bytes), then a frame.
std::string dcz_compress(std::string_view bytes, std::string_view dictionary,
                         std::string_view dictionary_sha256);
// Also an error: a body for another dictionary.
Result<std::string> dcz_decompress(std::string_view body, std::string_view dictionary,
                                   std::string_view dictionary_sha256, size_t most);

}  // namespace woad
