// Chunks as RFC 9112 section 7.1 writes them, whole and in pieces. What is refused:
// hostile_test.cc.
#include "proxy/http/h1/chunk_reader.h"

#include <doctest/doctest.h>

#include <string>

namespace woad::h1 {
namespace {

struct Read {
  ChunkReader::State state = ChunkReader::State::kMore;
  std::string content;
  std::string rest;  // behind the last chunk
  std::string why;
};

Read read(const std::string& text, Side side, size_t piece) {
  BlockPool blocks;
  ChunkReader reader(side);
  Read result;
  Buffer out;
  for (size_t at = 0; at < text.size() && result.state == ChunkReader::State::kMore; at += piece) {
    Buffer input;
    input.append(blocks, std::string_view(text).substr(at, piece));
    Slice bytes = input.take_front();
    result.state = reader.read(bytes, out);
    result.rest = bytes.view();
    if (result.state == ChunkReader::State::kLastChunk) {
      if (at + piece < text.size()) result.rest += text.substr(at + piece);
    }
  }
  result.content = out.to_string();
  result.why = reader.why();
  return result;
}

TEST_CASE("chunks: legal forms, extensions dropped") {
  const struct {
    const char* name;
    std::string text;
    std::string content;
  } kCases[] = {
      {"nothing", "0\r\n", ""},
      {"two", "3\r\nabc\r\n2\r\nde\r\n0\r\n", "abcde"},
      {"hexadecimal, either case", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n",
       "01234567890123456789a"},
      {"leading zeros", "0003\r\nabc\r\n000\r\n", "abc"},
      {"content that looks like chunks", "7\r\n0\r\n\r\nab\r\n0\r\n", "0\r\n\r\nab"},
      {"a name", "3;a\r\nabc\r\n0;b\r\n", "abc"},
      {"names and values", "3;a=b;c\r\nabc\r\n0;c;d=e;f\r\n", "abc"},
      {"quoted", "3;a=\"b\"\r\nabc\r\n0;z=\"q;r\"\r\n", "abc"},
      {"quoted and empty", "3;a=\"\"\r\nabc\r\n0\r\n", "abc"},
      {"escaped", "3;a=\"b\\\"c\\\\\";d\r\nabc\r\n0;e=\"\\ \\\t\\x\"\r\n", "abc"},
      {"quoted delimiters", "3;a=\"=;,\t 0 \xc3\xa9\"\r\nabc\r\n0\r\n", "abc"},
      {"bad blanks", "3 ;\ta = b\t; c=\"d\" ;e\r\nabc\r\n0 \t;f\r\n", "abc"},
      {"all token bytes", "3;!#$%&'*+-.^_`|~09azAZ=!#$%&'*+-.^_`|~09azAZ\r\nabc\r\n0\r\n", "abc"},
      {"a long one", "3;a=" + std::string(4000, 'b') + "\r\nabc\r\n0\r\n", "abc"},
  };
  for (const auto& test : kCases) {
    for (const Side side : {Side::kRequest, Side::kResponse}) {
      for (const size_t piece : {size_t{1}, size_t{2}, size_t{5}, size_t{100000}}) {
        CAPTURE(test.name);
        CAPTURE(piece);
        const Read got = read(test.text + "\r\nbehind", side, piece);
        CHECK(got.why == "");
        CHECK(got.state == ChunkReader::State::kLastChunk);
        CHECK(got.content == test.content);
        CHECK(got.rest == "\r\nbehind");
      }
    }
  }
}

TEST_CASE("chunks: blanks before the end of a line are a response's alone") {
  for (const char* text : {"3 \r\nabc\r\n0\r\n", "3\r\nabc\r\n0\t\r\n", "3;a \r\nabc\r\n0\r\n",
                           "3;a=b\t \r\nabc\r\n0\r\n", "3;a=\"b\" \r\nabc\r\n0\r\n"}) {
    CAPTURE(text);
    CHECK(read(text, Side::kResponse, 1).content == "abc");
    CHECK(read(text, Side::kResponse, 1).state == ChunkReader::State::kLastChunk);
    CHECK(read(text, Side::kRequest, 1).why == "a line or chunk does not end as it must");
  }
}

TEST_CASE("chunks: extensions may take as much as the content beside them") {
  const auto chunks = [](size_t count, size_t content, size_t extension) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx;", content);
    std::string text;
    for (size_t i = 0; i < count; ++i) {
      text += size + std::string(extension, 'e') + "\r\n" + std::string(content, 'c') + "\r\n";
    }
    return text + "0\r\n";
  };
  const struct {
    size_t count;
    size_t content;
    size_t extension;
    bool good;
  } kCases[] = {
      {10000, 1, 10, true},       // a plain line's worth
      {1000, 100, 100, true},     // no more than content
      {1000, 8192, 4000, true},   // signed chunks
      {10, 100000, 5000, false},  // one line beyond all bounds
      {60, 1, 100, false},       {1000, 50, 100, false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.count);
    CAPTURE(test.extension);
    const std::string text = chunks(test.count, test.content, test.extension);
    for (const size_t piece : {size_t{7}, size_t{16384}}) {
      const Read got = read(text, Side::kRequest, piece);
      CHECK(got.state == (test.good ? ChunkReader::State::kLastChunk : ChunkReader::State::kBad));
      CHECK(got.why == (test.good ? "" : "the chunks carry too much beside content"));
    }
  }
}

}  // namespace
}  // namespace woad::h1
