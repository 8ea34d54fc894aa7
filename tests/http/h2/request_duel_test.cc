// What our server says of requests against what nghttp2 says, which looks no longer itself.
#include <doctest/doctest.h>

#include <deque>

#include "tests/http/h2/duel_check.h"

using namespace woad;
using namespace woad::h2test;

namespace {

using Answer = RequestDuel::Answer;

// Good and bad, each at the place it is drawn for.
const FieldList kPseudo = {{":method", "GET"},     {":method", "CONNECT"}, {":method", "OPTIONS"},
                           {":scheme", "http"},    {":scheme", "x+y.z-1"}, {":authority", "a:1"},
                           {":path", "/"},         {":path", "*"},         {"host", "a:1"},
                           {"content-length", "0"}};
const FieldList kFields = {{"x", "1"},
                           {"host", "a"},
                           {"host", ""},
                           {"content-length", "3"},
                           {"content-length", "0"},
                           {"te", "Trailers"},
                           {"te", "gzip"},
                           {"connection", "close"},
                           {"transfer-encoding", "chunked"},
                           {"cookie", "a=1"},
                           {":path", "/"},
                           {":status", "200"},
                           {"X", "1"},
                           {"priority", "u=1, i"}};
const FieldList kRare = {{"keep-alive", "1"},
                         {"proxy-connection", "close"},
                         {"upgrade", "h2c"},
                         {"content-length", "18446744073709551619"},
                         {"content-length", "9223372036854775808"},
                         {"content-length", "9223372036854775807"},
                         {"content-length", "+3"},
                         {"content-length", ""},
                         {"content-length", "03"},
                         {":protocol", "websocket"},
                         {":", "x"},
                         {"::", "x"},
                         {"", "x"},
                         {"x", " 1"},
                         {"x", ""},
                         {"te", ""},
                         {"priority", "?"},
                         {":method", ""},
                         {":method", "HEAD"},
                         {":method", "get"},
                         {":scheme", "HTTPS"},
                         {":scheme", "1"},
                         {":authority", ""},
                         {":authority", "a b"},
                         {":path", ""},
                         {":path", "x"},
                         {":path", "/ "}};

const std::set<std::string> kStricter = {
    "bad 400 CONNECT does not name a host and a port",
    "bad 400 CONNECT has a body",
    "bad 400 Host and the request's authority differ",
    "bad 400 the host is not valid",
    "bad 400 the method is not a token",
    "bad 400 the request target is not a path of printable ASCII without '#'",
    "bad 400 the scheme is neither http nor https",
};

FieldList picked_from(const FieldList& words, const std::vector<size_t>& picked) {
  FieldList fields;
  for (const size_t word : picked) fields.push_back(words[word]);
  return fields;
}

FieldList head_of(std::string_view method) {
  if (method == "CONNECT") return {{":method", "CONNECT"}, {":authority", "a:1"}};
  return {{":method", method}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
}

}  // namespace

TEST_CASE("pseudo fields in any order and number") {
  RequestDuel duel;
  for (const size_t length : {0U, 1U, 2U, 3U, 4U}) {
    each_sequence(kPseudo.size(), length, [&](const std::vector<size_t>& picked) {
      duel.run({section(picked_from(kPseudo, picked), true)});
    });
  }
  check(duel.tally, kStricter);
}

TEST_CASE("fields behind a good head, and what becomes of the body") {
  RequestDuel duel;
  for (const size_t length : {1U, 2U, 3U}) {
    each_sequence(kFields.size(), length, [&](const std::vector<size_t>& picked) {
      const FieldList head = joined(head_of("POST"), picked_from(kFields, picked));
      duel.run({section(head), body(3, true)});
      if (length < 3) duel.run({section(head, true)});
    });
  }
  check(duel.tally, kStricter);
}

TEST_CASE("every byte at every place") {
  RequestDuel duel;
  std::deque<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string c(1, static_cast<char>(byte));
    for (const std::string& text :
         {c, "a" + c, c + "a", "/" + c + "b", std::string(20, 'a') + c + std::string(19, 'a'),
          std::string(36, 'a') + c + "a"}) {
      const std::string_view put = texts.emplace_back(text);
      const FieldList head = head_of("GET");
      duel.run({section(joined(head, {{put, "1"}}), true)});
      duel.run({section(joined(head, {{"x", put}}), true)});
      if (text.size() > 3) continue;
      duel.run({section(joined(head, {{"te", put}}), true)});
      duel.run({section(joined(head, {{"content-length", put}}), true)});
      duel.run({section({head[0], head[1], head[3], {"host", put}}, true)});
      duel.run({section({{":method", put}, head[1], head[2], head[3]}, true)});
      duel.run({section({head[0], {":scheme", put}, head[2], head[3]}, true)});
      duel.run({section({head[0], head[1], {":authority", put}, head[3]}, true)});
      duel.run({section({head[0], head[1], head[2], {":path", put}}, true)});
    }
  }
  check(duel.tally, kStricter);
}

TEST_CASE("lengths, bodies, trailers and ends") {
  const FieldList lengths[] = {{},
                               {{"content-length", "0"}},
                               {{"content-length", "3"}},
                               {{"content-length", "3"}, {"content-length", "3"}},
                               {{"content-length", "-1"}}};
  const Message bodies[] = {{},
                            {body(0)},
                            {body(3)},
                            {body(0, true)},
                            {body(3, true)},
                            {body(4, true)},
                            {body(3, true, 5)},
                            {body(0, false, 9), body(1), body(2, true)},
                            {body(3), body(0, true)},
                            {body(3), body(1), body(1, true)}};
  const Message trailers[] = {{},
                              {section({{"x-sum", "1"}}, true)},
                              {section({{"x-sum", "1"}}), body(1, true)},
                              {section({{"content-length", "3"}}, true)},
                              {section({{"host", "a"}}, true)},
                              {section({{":path", "/"}}, true)},
                              {section({{"connection", "close"}}, true)},
                              {section({}, true)}};
  RequestDuel duel;
  for (const std::string_view method : {"POST", "HEAD", "CONNECT"}) {
    for (const FieldList& length : lengths) {
      const FieldList head = joined(head_of(method), length);
      for (const Answer answer : {Answer::kNever, Answer::kEarly, Answer::kAndGone}) {
        duel.run({section(head, true)}, answer);
        for (const Message& content : bodies) {
          for (const Message& trailer : trailers) {
            const bool ended = !content.empty() && content.back().end;
            if (ended && !trailer.empty()) continue;
            Message all = {section(head)};
            all.insert(all.end(), content.begin(), content.end());
            all.insert(all.end(), trailer.begin(), trailer.end());
            duel.run(all, answer);
            // The answer leaves before the rest comes.
            if (answer != Answer::kNever) duel.run(all, answer, {.piece = 40});
          }
        }
      }
    }
  }
  check(duel.tally, kStricter);
}

TEST_CASE("requests by the dice") {
  constexpr std::string_view kMethods[] = {"GET", "POST", "OPTIONS", "HEAD", "CONNECT"};
  constexpr Answer kAnswers[] = {Answer::kNever, Answer::kEarly, Answer::kAndGone};
  Dice dice(9113);
  RequestDuel duel;
  const auto some_fields = [&dice](FieldList fields, size_t most) {
    for (size_t left = dice.below(most + 1); left > 0; --left) {
      const bool rare = dice.one_in(8);
      const Field& field = rare              ? dice.of(kRare)
                           : dice.one_in(12) ? dice.of(kPseudo)
                                             : dice.of(kFields);
      const size_t at = dice.one_in(6) ? dice.below(fields.size() + 1) : fields.size();
      fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at), field);
    }
    if (!fields.empty() && dice.one_in(10))
      fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(dice.below(fields.size())));
    return fields;
  };
  for (int round = 0; round < 3000; ++round) {
    Message message = {section(some_fields(head_of(dice.of(kMethods)), 3), dice.one_in(3))};
    while (!message.back().end && message.size() < 6 && !dice.one_in(8)) {
      if (dice.one_in(3)) {
        message.push_back(section(some_fields({}, 2), !dice.one_in(6)));
      } else {
        const auto padding = static_cast<uint8_t>(dice.one_in(3) ? dice.below(9) : 0);
        message.push_back(body(dice.below(4), dice.one_in(2), padding));
      }
    }
    for (Part& part : message) part.continued = dice.one_in(4);
    duel.run(message, dice.of(kAnswers), dice.manner());
  }
  check(duel.tally, kStricter);
}
