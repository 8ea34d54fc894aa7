// The messages of grpc.health.v1.Health/Check as they stand in a body: a frame of gRPC around a
// protobuf message of one field. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace woad {

inline constexpr std::string_view kGrpcHealthPath = "/grpc.health.v1.Health/Check";

// The one answer that is good.
inline constexpr uint64_t kGrpcServing = 1;

// HealthCheckRequest{service}.
std::string grpc_health_request(std::string_view service);

// HealthCheckResponse.status, 0 where it is left out; nothing: `body` is no such message.
std::optional<uint64_t> grpc_health_status(std::string_view body);
// "NOT_SERVING", "status 7".
std::string grpc_health_word(uint64_t status);

}  // namespace woad
