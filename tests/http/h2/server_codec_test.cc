// The server codec against frames made by hand.
#include <doctest/doctest.h>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

namespace {

// GET http://a/ with these fields behind the pseudo fields.
FieldList with(FieldList more) {
  FieldList all = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

FieldList pseudo(std::string_view method, std::string_view scheme, std::string_view authority,
                 std::string_view path) {
  return {{":method", method}, {":scheme", scheme}, {":authority", authority}, {":path", path}};
}

struct HeadCase {
  const char* name;
  FieldList fields;
  std::string log;
};

const std::string kProtocolReset = "reset protocol error: the message breaks HTTP\n";

}  // namespace

TEST_CASE("request heads") {
  static const std::string long_path = "/" + std::string(17000, 'p');
  const HeadCase cases[] = {
      {"plain", with({}), "request GET http a / END\n"},
      {"https", pseudo("GET", "https", "a:443", "/x?y"), "request GET https a:443 /x?y END\n"},
      {"fields in order", with({{"x-b", "1"}, {"x-a", "2"}, {"x-b", ""}}),
       "request GET http a / x-b=1 x-a=2 x-b= END\n"},
      {"cookie crumbs are joined",
       with({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c=3"}}),
       "request GET http a / cookie=a=1; b=2; c=3 x=y END\n"},
      {"empty cookie crumbs too", with({{"cookie", ""}, {"cookie", "b=2"}, {"cookie", ""}}),
       "request GET http a / cookie=; b=2;  END\n"},
      {"host equal to the authority", with({{"host", "A"}}), "request GET http A / END\n"},
      {"host alone",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b"}},
       "request GET http b / END\n"},
      {"host differs", with({{"host", "b"}}),
       "bad 400 Host and the request's authority differ [GET]\n"},
      {"te trailers", with({{"te", "trailers"}}), "request GET http a / te END\n"},
      {"expect", with({{"expect", "100-continue"}}), "request GET http a / expect END\n"},
      {"expect something else", with({{"expect", "200-ok"}}),
       "bad 417 Expect is something else than 100-continue [GET]\n"},
      {"length of nothing", with({{"content-length", "0"}}), "request GET http a / length=0 END\n"},
      {"http2-settings goes", with({{"http2-settings", "AAA"}}), "request GET http a / END\n"},
      {"OPTIONS *", pseudo("OPTIONS", "http", "a", "*"), "request OPTIONS http a * END\n"},
      {"CONNECT", {{":method", "CONNECT"}, {":authority", "a:1"}}, "request CONNECT  a:1  END\n"},
      {"CONNECT to an IPv6 address",
       {{":method", "CONNECT"}, {":authority", "[::1]:80"}},
       "request CONNECT  [::1]:80  END\n"},
      {"CONNECT without a port",
       {{":method", "CONNECT"}, {":authority", "a"}},
       "bad 400 CONNECT does not name a host and a port [CONNECT]\n"},
      {"CONNECT to port 0",
       {{":method", "CONNECT"}, {":authority", "a:0"}},
       "bad 400 CONNECT does not name a host and a port [CONNECT]\n"},
      {"CONNECT with a length",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {"content-length", "3"}},
       "bad 400 CONNECT has a body [CONNECT]\n"},
      {"CONNECT with a path",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}},
       kProtocolReset},
      {"CONNECT with a scheme",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {":scheme", "http"}},
       kProtocolReset},
      {"CONNECT to nobody", {{":method", "CONNECT"}}, kProtocolReset},
      {"lower-case method", pseudo("get", "http", "a", "/"), "request get http a / END\n"},
      {"PRI", pseudo("PRI", "http", "a", "/"),
       "bad 501 the method is that of the HTTP/2 preface [PRI]\n"},
      {"other method", pseudo("PURGE", "http", "a", "/"), "request PURGE http a / END\n"},
      {"# in the path", pseudo("GET", "http", "a", "/#x"),
       "bad 400 the request target is not a path of printable ASCII without '#' [GET]\n"},
      {"8-bit path", pseudo("GET", "http", "a", "/\xe4"),
       "bad 400 the request target is not a path of printable ASCII without '#' [GET]\n"},
      {"long path", pseudo("GET", "http", "a", long_path),
       "bad 414 the request target is longer than limits.headers.target [GET]\n"},
      {"userinfo", pseudo("GET", "http", "u@a", "/"), "bad 400 the host is not valid [GET]\n"},
      {"scheme ftp", pseudo("GET", "ftp", "a", "/"),
       "bad 400 the scheme is neither http nor https [GET]\n"},
      {"underscore twin", with({{"x_woad_color", "red"}}),
       "bad 400 a field name with '_' imitates one that the proxy decides by [GET]\n"},
      {"upper-case name", with({{"X-A", "1"}}), kProtocolReset},
      {"connection", with({{"connection", "close"}}), kProtocolReset},
      {"keep-alive", with({{"keep-alive", "1"}}), kProtocolReset},
      {"upgrade", with({{"upgrade", "x"}}), kProtocolReset},
      {"transfer-encoding", with({{"transfer-encoding", "chunked"}}), kProtocolReset},
      {"te gzip", with({{"te", "gzip"}}), kProtocolReset},
      {"NUL in a value", with({{"x", std::string_view("a\0b", 3)}}), kProtocolReset},
      {"CRLF in a value", with({{"x", "a\r\nb: c"}}), kProtocolReset},
      {"LF in a value", with({{"x", "a\nb"}}), kProtocolReset},
      {"control in a value", with({{"x", "a\x01"}}), kProtocolReset},
      {"space before a value", with({{"x", " a"}}), kProtocolReset},
      {"space behind a value", with({{"x", "a "}}), kProtocolReset},
      {"space in a name", with({{"x y", "a"}}), kProtocolReset},
      {"CRLF in a name", with({{"x\r\ny", "a"}}), kProtocolReset},
      {"empty name", with({{"", "a"}}), kProtocolReset},
      {"unknown pseudo field", with({{":x", "a"}}), kProtocolReset},
      {"pseudo field behind", with({{"x", "a"}, {":path", "/b"}}), kProtocolReset},
      {"two paths", with({{":path", "/b"}}), kProtocolReset},
      {"two hosts", with({{"host", "a"}, {"host", "a"}}), kProtocolReset},
      {"extended CONNECT", with({{":protocol", "websocket"}}), kProtocolReset},
      {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}, kProtocolReset},
      {"empty path", pseudo("GET", "http", "a", ""), kProtocolReset},
      {"absolute path", pseudo("GET", "http", "a", "http://a/"), kProtocolReset},
      {"space in the path", pseudo("GET", "http", "a", "/ x"), kProtocolReset},
      {"CRLF in the path", pseudo("GET", "http", "a", "/\r\nx"), kProtocolReset},
      {"* with GET", pseudo("GET", "http", "a", "*"), kProtocolReset},
      {"no authority at all",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}},
       kProtocolReset},
      {"wrong length", with({{"content-length", "4"}}), kProtocolReset},
      {"two lengths", with({{"content-length", "0"}, {"content-length", "0"}}), kProtocolReset},
      {"no length", with({{"content-length", ""}}), kProtocolReset},
      {"signed length", with({{"content-length", "+0"}}), kProtocolReset},
  };
  for (const HeadCase& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    const std::string input = preface() + headers(1, test.fields, true);
    server.send(input);
    CHECK(server.logs() == test.log);
    // The connection goes on, whatever became of the request.
    server.send(get(3));
    CHECK(server.logs() == test.log + "request GET http a / END\n");
    uint64_t counted = 0;
    for (const uint64_t count : world.hostile) counted += count;
    CHECK(counted == (test.log.starts_with("request") ? 0 : 1));
    // Split at every byte.
    if (input.size() > 1000) continue;
    World other_world;
    ServerSide other(other_world);
    other.peer.send_in_pieces(input, 1);
    CHECK(other.logs() == test.log);
  }
}

TEST_CASE("request bodies and trailers") {
  const FieldList post = post_fields();
  FieldList sized = post;
  sized.emplace_back("content-length", "5");
  const std::string head = "request POST http a /\n";
  const std::string sized_head = "request POST http a / length=5\n";
  struct Case {
    const char* name;
    std::string input;
    std::string log;
  };
  const Case cases[] = {
      {"one frame", headers(1, sized, false) + data(1, "hello", true), sized_head + "data 5 END\n"},
      {"an empty last frame", headers(1, post, false) + data(1, "hello", false) + data(1, "", true),
       head + "data 5\ndata 0 END\n"},
      {"padded",
       headers(1, post, false) +
           frame(kData, kPadded | kEndStream, 1, std::string("\x03hello\0\0\0", 9)),
       head + "data 5 END\n"},
      {"trailers",
       headers(1, post, false) + data(1, "hello", false) + headers(1, {{"x-sum", "5"}}, true),
       head + "data 5\ntrailers x-sum=5\n"},
      {"trailers that frame or route are dropped",
       headers(1, post, false) +
           headers(1, {{"x-woad-color", "red"}, {"authorization", "x"}, {"ok", "1"}}, true),
       head + "trailers ok=1\n"},
      {"trailers with a pseudo field", headers(1, post, false) + headers(1, {{":path", "/"}}, true),
       head + kProtocolReset},
      {"trailers that do not end", headers(1, post, false) + headers(1, {{"x", "y"}}, false),
       head + kProtocolReset},
      {"longer than declared", headers(1, sized, false) + data(1, "hello!", true),
       sized_head + kProtocolReset},
      {"shorter than declared", headers(1, sized, false) + data(1, "hell", true),
       sized_head + "data 4\n" + kProtocolReset},
      {"reset", headers(1, post, false) + data(1, "hell", false) + reset(1, 8),
       head + "data 4\nreset cancelled: the peer reset the stream: CANCEL\n"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.send(preface() + test.input);
    CHECK(server.logs() == test.log);
    World other_world;
    ServerSide other(other_world);
    other.peer.send_in_pieces(preface() + test.input, 1);
    REQUIRE(other.streams.size() == 1);
    if (test.log.find("reset") == std::string::npos) {
      CHECK(other.streams[0].body == server.streams[0].body);
    }
    // The last line says the same, but for a final piece of body.
    const bool by_data = test.log.ends_with("data 5 END\n");
    CHECK((by_data ? other.logs().ends_with("END\n")
                   : other.logs().substr(other.logs().rfind('\n', other.logs().size() - 2)) ==
                         test.log.substr(test.log.rfind('\n', test.log.size() - 2))));
  }
}

TEST_CASE("responses on the wire") {
  struct Case {
    const char* name;
    const char* method;
    std::function<void(ServedStream&)> act;
    std::string output;
  };
  const Case cases[] = {
      {"head alone", "GET", [](ServedStream& s) { s.respond(200, true); },
       "HEADERS 1 END :status: 200\n"},
      {"names are lower-cased", "GET",
       [](ServedStream& s) {
         s.respond(404, true, {{"X-A", "B"}}, 0);
       },
       "HEADERS 1 END :status: 404|x-a: B|content-length: 0\n"},
      {"hop-by-hop fields are never written", "GET",
       [](ServedStream& s) {
         s.respond(200, true,
                   {{"Connection", "x"},
                    {"keep-alive", "1"},
                    {"Transfer-Encoding", "chunked"},
                    {"upgrade", "u"},
                    {"x", "y"}});
       },
       "HEADERS 1 END :status: 200|x: y\n"},
      {"body", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.writer->write_data(s.world.bytes("abc"), true);
       },
       "HEADERS 1 :status: 200\nDATA 1 3 END\n"},
      {"empty end", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.writer->write_data(Buffer(), true);
       },
       "HEADERS 1 :status: 200\nDATA 1 0 END\n"},
      {"trailers behind a body", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.writer->write_data(s.world.bytes("abc"), false);
         s.trailers({{"Grpc-Status", "0"}});
         s.release();
       },
       "HEADERS 1 :status: 200\nDATA 1 3\nHEADERS 1 END grpc-status: 0\n"},
      {"trailers alone", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.trailers({{"a", "b"}});
       },
       "HEADERS 1 :status: 200\nHEADERS 1 END a: b\n"},
      {"no trailers after all", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.trailers({});
       },
       "HEADERS 1 :status: 200\nDATA 1 0 END\n"},
      {"interim heads", "GET",
       [](ServedStream& s) {
         s.interim(100);
         s.interim(103);
         s.respond(200, true);
       },
       "HEADERS 1 :status: 100\nHEADERS 1 :status: 103\nHEADERS 1 END :status: 200\n"},
      {"HEAD has no body", "HEAD",
       [](ServedStream& s) {
         s.respond(200, false, {}, 5);
         s.writer->write_data(s.world.bytes("abcde"), true);
       },
       "HEADERS 1 END :status: 200|content-length: 5\n"},
      {"204 has no body", "GET",
       [](ServedStream& s) {
         s.respond(204, false, {}, 0);
         s.writer->write_data(s.world.bytes("abcde"), true);
       },
       "HEADERS 1 END :status: 204\n"},
      {"304 has no body", "GET", [](ServedStream& s) { s.respond(304, false, {}, 7); },
       "HEADERS 1 END :status: 304|content-length: 7\n"},
      {"cut", "GET",
       [](ServedStream& s) {
         s.respond(200, false);
         s.release(ResetReason::kInternal);
       },
       "RST_STREAM 1 2\n"},
      {"cancelled", "GET", [](ServedStream& s) { s.release(ResetReason::kTimeout); },
       "RST_STREAM 1 8\n"},
      {"refused", "GET", [](ServedStream& s) { s.release(ResetReason::kRefused); },
       "RST_STREAM 1 7\n"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.send(preface());
    server.output();
    server.on_each = test.act;
    server.peer.send(headers(1, pseudo(test.method, "http", "a", "/"), true));
    CHECK(server.output() == test.output);
    if (server.streams[0].writer != nullptr) server.streams[0].release();
    CHECK(server.output().empty());
    CHECK(server.codec->active_streams() == 0);
  }
}

TEST_CASE("an early answer waits for the end of the request") {
  const auto post = [](std::string_view length) {
    FieldList fields = post_fields();
    if (!length.empty()) fields.emplace_back("content-length", length);
    return headers(1, fields, false);
  };
  const std::string full = data(1, std::string(16383, 'x'), false);
  struct Case {
    const char* name;
    std::string before;  // it is answered
    std::string after;
    const char* output;  // for what came after
    bool over = true;    // the stream is through
  };
  const Case cases[] = {
      {"its length was met", post("3") + data(1, "abc", false), data(1, "", true), ""},
      {"nothing of it had come", post("3"), data(1, "abc", false) + data(1, "", true), ""},
      {"no length", post("") + data(1, "abc", false), data(1, "more", false) + data(1, "", true),
       ""},
      {"trailers", post("") + data(1, "abc", false), headers(1, {{"a", "b"}}, true), ""},
      {"more than its length", post("3") + data(1, "abc", false), data(1, "d", false),
       "RST_STREAM 1 1\n"},
      {"more than the window lets in", post(""), full + full + full + full + data(1, "123", false),
       "RST_STREAM 1 0\n"},
      {"reset by the client", post("3"), reset(1, 8), ""},
      {"nothing more yet", post("3") + data(1, "abc", false), "", "", false},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.send(preface() + test.before);
    const std::string told = server.logs();
    server.output();
    ServedStream& stream = server.streams.back();
    stream.respond(413, false);
    stream.writer->write_data(world.bytes("no"), true);
    stream.release();
    CHECK(server.output() == "HEADERS 1 :status: 413\nDATA 1 2 END\n");
    server.peer.send(test.after);
    CHECK(server.output() == test.output);
    CHECK(server.codec->active_streams() == (test.over ? 0 : 1));
    CHECK(server.logs() == told);
    world.pass(seconds(4));
    world.pass(seconds(4));
    CHECK(server.output() == (test.over ? "" : "RST_STREAM 1 0\n"));
    CHECK(server.codec->active_streams() == 0);
    CHECK_FALSE(server.done);
    server.send(get(3));
    CHECK(server.streams.size() == 2);
  }
}

TEST_CASE("the grace of an answered request is never shorter than three seconds") {
  World world;
  ServerSide server(world);
  server.on_each = [](ServedStream& stream) {
    stream.respond(403, true);
    stream.release();
  };
  server.send(preface() + headers(1, post_fields(), false));
  world.pass(seconds(2));
  server.send(headers(3, post_fields(), false));
  server.output();
  world.pass(seconds(3));
  CHECK(server.output().empty());  // the sweep at 3 s saw both for the first time
  world.pass(seconds(3));
  CHECK(server.output() == "RST_STREAM 1 0\nRST_STREAM 3 0\n");
}

TEST_CASE("large bodies are passed on in their blocks") {
  World world;
  ServerSide server(world);
  server.send(preface() + settings({{4, 1 << 20}}) + window_update(0, 1 << 20));
  server.output();
  Buffer body;
  Block* block = world.blocks.take(65536);
  std::fill_n(block->data(), 65536, 'z');
  body.append(Slice(block, block->data(), 65536));
  server.on_each = [&](ServedStream& s) {
    s.respond(200, false);
    s.writer->write_data(std::move(body), true);
  };
  server.peer.accept(0);
  server.send(get(1));
  bool shared = false;
  server.transport->output().for_each([&](const Slice& slice) {
    shared = shared || (slice.data() >= block->data() && slice.data() < block->data() + 65536);
  });
  CHECK(shared);
  server.streams[0].release();
}
