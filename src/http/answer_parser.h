// Reads the answer to one outgoing request, past any "100 Continue". No I/O.
#pragma once

#include <string>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/optional.hpp>

#include "http/outgoing.h"

namespace batal::http {

class AnswerParser {
 public:
  // `to_head`: the request was HEAD, so that no body follows whatever the head says.
  explicit AnswerParser(bool to_head);

  // Both return what is wrong with the answer; feed() with too little is not an error.
  boost::system::error_code feed(std::string_view bytes);
  boost::system::error_code end();  // the server closed its side in an orderly way

  bool begun() const { return begun_; }  // at least one byte has come
  bool done() const { return parser_->is_done(); }

  // After done().
  bool keeps_connection() const { return parser_->keep_alive() && unparsed_.empty(); }
  Received take();

 private:
  void start();
  bool interim() const;

  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
  boost::optional<Parser> parser_;
  std::string unparsed_;
  bool to_head_;
  bool begun_ = false;
};

}  // namespace batal::http
