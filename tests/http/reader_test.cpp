#include "http/reader.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "http/support.h"

namespace batal::http {
namespace {

using State = Reader::State;

void put(Reader& reader, std::string_view bytes) {
  const auto space = reader.space();
  ASSERT_GE(space.size(), bytes.size());
  std::ranges::copy(bytes, space.begin());
  reader.filled(bytes.size());
}

// "Complete METHOD target [name=value]... body" or "Refused N METHOD target" or "NeedMore".
std::string outcome(Reader& reader, State state) {
  if (state == State::NeedMore) return "NeedMore";
  const Request& request = reader.request();
  if (state == State::Refused) {
    return fmt::format("Refused {} {} {}", static_cast<int>(reader.why()), request.method,
                       request.target);
  }
  std::string text = fmt::format("Complete {} {}", request.method, request.target);
  for (const Header& header : request.headers) {
    text += fmt::format(" [{}={}]", header.name, header.value);
  }
  return text + " " + std::string(request.body);
}

std::string read_at_once(std::string_view bytes, const Limits& limits = {}) {
  Reader reader(limits);
  put(reader, bytes);
  return outcome(reader, reader.advance());
}

std::string read_in_pieces(std::string_view bytes, std::vector<std::size_t> cuts) {
  Reader reader{Limits{}};
  cuts.push_back(bytes.size());
  std::size_t from = 0;
  State state = State::NeedMore;
  for (const std::size_t cut : cuts) {
    put(reader, bytes.substr(from, cut - from));
    from = cut;
    state = reader.advance();
    if (state != State::NeedMore && from < bytes.size()) return "early " + outcome(reader, state);
  }
  return outcome(reader, state);
}

struct Case {
  std::string_view name;
  std::string_view bytes;
  std::string_view outcome;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

constexpr std::string_view kHead = "Refused 0 POST /p";

const std::vector<Case> kCases = {
    {"plain", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "Complete GET / [Host=h] "},
    {"query", "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "Complete GET /a?b=c [Host=h] "},
    {"http_1_0", "GET / HTTP/1.0\r\n\r\n", "Complete GET / "},
    {"body", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
     "Complete POST /p [Host=h] [Content-Length=2] {}"},
    {"empty_body", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
     "Complete POST /p [Host=h] [Content-Length=0] "},
    {"chunks",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
     "Complete POST /p [Host=h] [Transfer-Encoding=chunked] abc0123456789"},
    {"no_chunks", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
     "Complete POST /p [Host=h] [Transfer-Encoding=Chunked] "},
    {"trailers_dropped",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "1\r\nx\r\n0\r\nX-Late: 1\r\n\r\n",
     "Complete POST /p [Host=h] [Transfer-Encoding=chunked] x"},
    {"duplicates_in_order", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\na: 2\r\nA:\r\n\r\n",
     "Complete GET / [Host=h] [A=1] [a=2] [A=] "},
    {"white_space_trimmed", "GET / HTTP/1.1\r\nHost: h\r\nA: \t b c \t\r\n\r\n",
     "Complete GET / [Host=h] [A=b c] "},
    {"empty_lines_before", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "Complete GET / [Host=h] "},
    {"other_methods", "DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n", "Complete DELETE /x [Host=h] "},
    {"length_and_encoding",
     "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     kHead},
    {"encoding_and_length",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
     "Content-Length: 3\r\n\r\n",
     kHead},
    {"encoding_gzip", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", kHead},
    {"encoding_list", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     kHead},
    {"encoding_chunked_not_last",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", kHead},
    {"encoding_twice",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     kHead},
    {"encoding_in_1_0", "POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", kHead},
    {"length_twice",
     "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", kHead},
    {"length_list", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", kHead},
    {"length_negative", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", kHead},
    {"length_plus", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", kHead},
    {"length_empty", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n", kHead},
    {"length_beyond_64_bits",
     "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n", kHead},
    {"no_host", "POST /p HTTP/1.1\r\n\r\n", kHead},
    {"two_hosts", "POST /p HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", kHead},
    {"fold", "POST /p HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", kHead},
    {"fold_before_value", "POST /p HTTP/1.1\r\nHost: h\r\nA:\r\n b\r\n\r\n", kHead},
    {"fold_of_nothing", "POST /p HTTP/1.1\r\nHost: h\r\nA: b\r\n \r\n\r\n", kHead},
    {"fold_of_nothing_twice", "POST /p HTTP/1.1\r\nHost: h\r\nA:\r\n \r\nB: c\r\n\r\n", kHead},
    {"space_before_colon", "POST /p HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", kHead},
    {"space_before_first_name", "POST /p HTTP/1.1\r\n Host: h\r\n\r\n", kHead},
    {"name_empty", "POST /p HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", kHead},
    {"name_not_a_token", "POST /p HTTP/1.1\r\nHost: h\r\nA(b): c\r\n\r\n", kHead},
    {"no_colon", "POST /p HTTP/1.1\r\nHost: h\r\nAbc\r\n\r\n", kHead},
    {"bare_cr", "POST /p HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", kHead},
    {"bare_lf", "POST /p HTTP/1.1\r\nHost: h\r\nA: b\nC: d\r\n\r\n", kHead},
    {"nul", std::string_view("POST /p HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n", 35), kHead},
    {"delete_character", "POST /p HTTP/1.1\r\nHost: h\r\nA: \x7f\r\n\r\n", kHead},
    {"http_2_0", "POST /p HTTP/2.0\r\nHost: h\r\n\r\n", kHead},
    {"http_1_2", "POST /p HTTP/1.2\r\nHost: h\r\n\r\n", kHead},
    {"not_http", "POST /p XTTP/1.1\r\nHost: h\r\n\r\n", kHead},
    {"method_not_a_token", "PO(ST /p HTTP/1.1\r\nHost: h\r\n\r\n", "Refused 0 PO(ST /p"},
    {"no_target", "POST HTTP/1.1\r\nHost: h\r\n\r\n", "Refused 0  "},
    {"target_with_space", "POST /p q HTTP/1.1\r\nHost: h\r\n\r\n", "Refused 0 POST /p q"},
    {"target_with_control", "POST /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", "Refused 0  "},
    {"chunk_size_not_hex",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "x\r\nabc\r\n0\r\n\r\n",
     kHead},
    {"chunk_size_0x",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0x3\r\nabc\r\n0\r\n\r\n",
     kHead},
    {"chunk_longer_than_said",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabcd\r\n0\r\n\r\n",
     kHead},
    {"chunk_bare_lf",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\nabc\n0\n\n\r\n\r\n",
     kHead},
    {"length_in_trailer",
     "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\nContent-Length: 3\r\n\r\n",
     kHead},
    {"head_unfinished", "POST /p HTTP/1.1\r\nHost: h\r\n", "NeedMore"},
    {"body_unfinished", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{", "NeedMore"},
};

class ReaderCases : public testing::TestWithParam<Case> {};

TEST_P(ReaderCases, AtOnce) {
  EXPECT_EQ(read_at_once(GetParam().bytes), GetParam().outcome);
}

// Refusals may come early, before all bytes are there; what they say is the same.
TEST_P(ReaderCases, SplitAtEveryByte) {
  const auto& [name, bytes, expected] = GetParam();
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const std::string got = read_in_pieces(bytes, {cut});
    if (expected.starts_with("Refused")) {
      EXPECT_TRUE(got.ends_with(expected) || got == "early Refused 0  ") << got << " at " << cut;
    } else {
      EXPECT_EQ(got, expected) << "cut at " << cut;
    }
  }
}

TEST_P(ReaderCases, ByteByByte) {
  const auto& [name, bytes, expected] = GetParam();
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) cuts.push_back(cut);
  const std::string got = read_in_pieces(bytes, cuts);
  if (expected.starts_with("Refused")) {
    EXPECT_NE(got.find("Refused"), std::string::npos) << got;
  } else {
    EXPECT_EQ(got, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ReaderCases, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

std::string head_of_size(std::size_t bytes, std::string_view more = "") {
  const std::string start = fmt::format("POST /p HTTP/1.1\r\nHost: h\r\n{}A: ", more);
  return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
}

constexpr Limits kSmall{.head_bytes_max = 200, .body_bytes_max = 100};

TEST(ReaderLimits, HeadOnBothSidesOfItsLimit) {
  EXPECT_TRUE(read_at_once(head_of_size(200), kSmall).starts_with("Complete"));
  EXPECT_EQ(read_at_once(head_of_size(201), kSmall), "Refused 1 POST /p");
  EXPECT_EQ(read_at_once(head_of_size(400).substr(0, 201), kSmall), "Refused 1 POST /p");
  EXPECT_EQ(read_at_once("POST /" + std::string(300, 'x'), kSmall), "Refused 1  ");
}

TEST(ReaderLimits, AFullHeadAndAFullBodyGoTogether) {
  const std::string head = head_of_size(200, "Content-Length: 100\r\n");
  EXPECT_TRUE(read_at_once(head + std::string(100, 'b'), kSmall).starts_with("Complete"));
}

TEST(ReaderLimits, DeclaredBodyOnBothSidesOfItsLimit) {
  const std::string body(101, 'b');
  EXPECT_TRUE(read_at_once(test::post("/p", body.substr(1)), kSmall).ends_with(body.substr(1)));
  EXPECT_EQ(read_at_once(test::post("/p", body), kSmall), "Refused 2 POST /p");
}

TEST(ReaderLimits, ALargeBodyBehindABadHeadIsABadHead) {
  EXPECT_EQ(read_at_once("POST /p HTTP/1.1\r\nA(: b\r\n\r\n" + std::string(400, 'b'), kSmall),
            "Refused 0 POST /p");
}

std::string chunked(std::string_view body, const std::vector<std::size_t>& sizes) {
  std::string bytes = "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t size : sizes) {
    size = std::min(size, body.size());
    if (size == 0) continue;
    bytes += fmt::format("{:x}\r\n{}\r\n", size, body.substr(0, size));
    body.remove_prefix(size);
  }
  if (!body.empty()) bytes += fmt::format("{:x}\r\n{}\r\n", body.size(), body);
  return bytes + "0\r\n\r\n";
}

TEST(ReaderLimits, ChunkedBodyOnBothSidesOfItsLimit) {
  const std::string body(101, 'b');
  EXPECT_TRUE(read_at_once(chunked(body.substr(1), {30, 30}), kSmall).ends_with(body.substr(1)));
  EXPECT_EQ(read_at_once(chunked(body, {30, 30}), kSmall), "Refused 2 POST /p");
}

TEST(ReaderLimits, EndlessChunkExtensionsAreCutOff) {
  Reader reader(kSmall);
  put(reader, "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  State state = reader.advance();
  while (state == State::NeedMore) {
    put(reader, std::string(std::min<std::size_t>(1000, reader.space().size()), 'x'));
    state = reader.advance();
  }
  EXPECT_EQ(outcome(reader, state), "Refused 2 POST /p");
}

// However a body is cut into chunks and its bytes into packets, it arrives, in a buffer that is
// hardly larger than it, and what follows it is the next request.
TEST(ReaderProperties, ChunkedBodiesArriveWhole) {
  ASSERT_TRUE(rc::check(
      [](std::string body, std::vector<std::uint8_t> sizes, std::vector<std::uint8_t> packets) {
        std::vector<std::size_t> chunk_sizes(sizes.begin(), sizes.end());
        const std::string bytes = chunked(body, chunk_sizes) + test::get("/next");
        Reader reader(Limits{.head_bytes_max = 128, .body_bytes_max = body.size() + 1});
        std::string_view rest = bytes;
        packets.push_back(1);
        for (std::size_t i = 0; reader.advance() == State::NeedMore; ++i) {
          const std::size_t size =
              std::min<std::size_t>(packets[i % packets.size()] + std::size_t{1}, rest.size());
          RC_ASSERT(size > 0U);
          put(reader, rest.substr(0, size));
          rest.remove_prefix(size);
        }
        RC_ASSERT(std::string(reader.request().body) == body);
        reader.next();
        put(reader, rest);
        RC_ASSERT(reader.advance() == State::Complete);
        RC_ASSERT(std::string(reader.request().target) == "/next");
      }));
}

TEST(ReaderPipeline, RequestsFollowOneAnotherForever) {
  Reader reader(kSmall);
  const std::string request = test::post("/p", std::string(90, 'b'));
  std::string stream;
  for (int i = 0; i < 2000; ++i) stream += request;
  std::string_view rest = stream;
  int complete = 0;
  while (complete < 2000) {
    if (reader.advance() == State::Complete) {
      ++complete;
      ASSERT_EQ(reader.request().body.size(), 90U);
      reader.next();
      continue;
    }
    const std::size_t size = std::min(reader.space().size(), rest.size());
    ASSERT_GT(size, 0U);
    put(reader, rest.substr(0, size));
    rest.remove_prefix(size);
  }
  EXPECT_TRUE(reader.empty());
}

TEST(ReaderExpectation, IsToldOnceAndOnlyWhenTheBodyIsAwaited) {
  constexpr std::string_view head =
      "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  Reader reader{Limits{}};
  put(reader, head.substr(0, 40));
  reader.advance();
  EXPECT_FALSE(reader.take_expectation());
  put(reader, head.substr(40));
  reader.advance();
  EXPECT_TRUE(reader.take_expectation());
  EXPECT_FALSE(reader.take_expectation());

  Reader other{Limits{}};
  put(other, std::string(head) + "{");
  other.advance();
  EXPECT_FALSE(other.take_expectation());
}

TEST(ReaderKeepAlive, IsWhatTheHeadSaysAndNotATrailer) {
  constexpr std::string_view kChunks = "1\r\n{\r\n0\r\n";
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";
  const std::string close = "Connection: close\r\n";
  const auto kept = [](std::string_view bytes) {
    Reader reader{Limits{}};
    put(reader, bytes);
    EXPECT_EQ(reader.advance(), State::Complete);
    return reader.keep_alive();
  };
  EXPECT_TRUE(kept(fmt::format("{}\r\n{}\r\n", head, kChunks)));
  EXPECT_FALSE(kept(fmt::format("{}{}\r\n{}\r\n", head, close, kChunks)));
  EXPECT_TRUE(kept(fmt::format("{}\r\n{}{}\r\n", head, kChunks, close)));
}

TEST(RequestHeaders, CompareWithoutRegardToCase) {
  Reader reader{Limits{}};
  put(reader, "GET /a/b?c HTTP/1.1\r\nhost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n");
  ASSERT_EQ(reader.advance(), State::Complete);
  const Request& request = reader.request();
  EXPECT_EQ(*request.header("X-a"), "1");
  EXPECT_EQ(request.header("X-B"), nullptr);
  EXPECT_EQ(request.count("X-A"), 2U);
  EXPECT_EQ(request.path, "/a/b");
}

}  // namespace
}  // namespace batal::http
