#include "proxy/health/grpc_health.h"

#include <cstdint>
#include <iterator>

namespace woad {
namespace {

// A frame: a byte for compression and four for the message's length.
constexpr size_t kFrameHead = 5;

// Keys of protobuf: number << 3 | wire type.
constexpr uint64_t kServiceKey = 1 << 3 | 2;
constexpr uint64_t kStatusKey = 1 << 3 | 0;

void add_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Takes one off the front.
std::optional<uint64_t> take_varint(std::string_view& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// Past the value of a field that nobody asked for.
bool skip(std::string_view& in, uint64_t wire_type) {
  size_t size = 0;
  switch (wire_type) {
    case 0: return take_varint(in).has_value();
    case 1: size = 8; break;
    case 2: {
      const auto length = take_varint(in);
      if (!length || *length > in.size()) return false;
      size = static_cast<size_t>(*length);
      break;
    }
    case 5: size = 4; break;
    default: return false;
  }
  if (size > in.size()) return false;
  in.remove_prefix(size);
  return true;
}

}  // namespace

std::string grpc_health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    add_varint(message, kServiceKey);
    add_varint(message, service.size());
    message.append(service);
  }
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>(message.size() >> shift));
  }
  return frame + message;
}

std::optional<uint64_t> grpc_health_status(std::string_view body) {
  if (body.size() < kFrameHead || body.front() != '\0') return std::nullopt;
  size_t length = 0;
  for (size_t i = 1; i < kFrameHead; ++i) length = length << 8 | static_cast<uint8_t>(body[i]);
  body.remove_prefix(kFrameHead);
  if (body.size() != length) return std::nullopt;
  uint64_t status = 0;
  while (!body.empty()) {
    const auto key = take_varint(body);
    if (!key) return std::nullopt;
    if (*key != kStatusKey) {
      if (!skip(body, *key & 7)) return std::nullopt;
      continue;
    }
    const auto value = take_varint(body);
    if (!value) return std::nullopt;
    status = *value;
  }
  return status;
}

std::string grpc_health_word(uint64_t status) {
  constexpr std::string_view kWords[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  if (status < std::size(kWords)) return std::string(kWords[status]);
  return "status " + std::to_string(status);
}

}  // namespace woad
