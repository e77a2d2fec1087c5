// A provider that answers as a test tells it, over real HTTP, and remembers what it was sent.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/server.h"

namespace batal::client {

struct Seen {
  std::string path;
  std::string body;
  std::map<std::string, std::string> headers;
};

struct Step {
  enum class What { Answer, Drop, Silence };
  What what = What::Answer;
  int status = 200;
  std::string body{};
};

inline Step answers(int status, std::string body) {
  return {Step::What::Answer, status, std::move(body)};
}
inline Step drops() {
  return {.what = Step::What::Drop};
}
inline Step is_silent() {
  return {.what = Step::What::Silence};
}

// Without a script, every token request gets token-1, token-2, ... for 900 seconds, and every call
// a success.
class ScriptedProvider {
 public:
  ScriptedProvider() : server_(1) {
    listener_ =
        server_.listen({}, [this](http::Loop&) { return std::make_unique<Handler>(*this); }, 1);
    server_.start();
  }

  std::string base_url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port(listener_));
  }
  void tokens_get(std::vector<Step> steps) { script_tokens_.add(std::move(steps)); }
  void calls_get(std::vector<Step> steps) { script_calls_.add(std::move(steps)); }
  std::vector<Seen> tokens() const { return script_tokens_.seen(); }
  std::vector<Seen> calls() const { return script_calls_.seen(); }

 private:
  class Script {
   public:
    void add(std::vector<Step> steps) {
      const std::lock_guard lock(mutex_);
      steps_.insert(steps_.end(), steps.begin(), steps.end());
    }
    std::vector<Seen> seen() const {
      const std::lock_guard lock(mutex_);
      return seen_;
    }
    // Records the request; the next step of the script, or an answer with `otherwise`, in which #
    // becomes the count of requests.
    Step next(const http::Request& request, std::string otherwise) {
      const std::lock_guard lock(mutex_);
      Seen seen{std::string(request.path), std::string(request.body), {}};
      for (const auto& [name, value] : request.headers) seen.headers.emplace(name, value);
      seen_.push_back(std::move(seen));
      if (steps_.empty()) {
        const auto mark = otherwise.find('#');
        if (mark != std::string::npos) otherwise.replace(mark, 1, std::to_string(seen_.size()));
        return answers(200, std::move(otherwise));
      }
      Step step = steps_.front();
      steps_.pop_front();
      return step;
    }

   private:
    mutable std::mutex mutex_;
    std::deque<Step> steps_;
    std::vector<Seen> seen_;
  };

  class Handler : public http::Handler {
   public:
    explicit Handler(ScriptedProvider& provider) : provider_(provider) {}

    void handle(const http::Request& request, http::Reply reply) override {
      const Step step = provider_.next(request);
      if (step.what == Step::What::Answer) {
        http::Answer answer;
        answer.status = step.status;
        answer.body = step.body;
        reply.send(std::move(answer));
      } else if (step.what == Step::What::Drop) {
        reply.drop();
      } else {
        unanswered_.push_back(std::move(reply));
      }
    }
    http::Answer refuse(http::Malformed, const http::Request&) override {
      http::Answer answer;
      answer.status = 400;
      return answer;
    }

   private:
    ScriptedProvider& provider_;
    std::vector<http::Reply> unanswered_;
  };

  Step next(const http::Request& request) {
    if (request.path.ends_with("/access-token/b2b")) {
      return script_tokens_.next(request,
                                 R"({"responseCode":"2007300","responseMessage":"Success",)"
                                 R"("accessToken":"token-#","tokenType":"Bearer",)"
                                 R"("expiresIn":"900"})");
    }
    return script_calls_.next(request, R"({"responseCode":"2005700","responseMessage":"Success",)"
                                       R"("originalReferenceNo":"A1","call":#})");
  }

  Script script_tokens_;
  Script script_calls_;
  std::size_t listener_ = 0;
  http::Server server_;  // last: its thread ends before the scripts do
};

}  // namespace batal::client
