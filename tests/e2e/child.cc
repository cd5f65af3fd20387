#include "tests/e2e/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

extern char** environ;

namespace penstock::e2e {
namespace {

constexpr auto kPatience = std::chrono::seconds(180);
constexpr auto kPoll = std::chrono::milliseconds(5);

std::vector<std::string> Environment(const std::map<std::string, std::string>& changes) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    all[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  }
  for (const auto& [name, value] : changes) {
    if (value.empty()) {
      all.erase(name);
    } else {
      all[name] = value;
    }
  }
  std::vector<std::string> texts;
  for (const auto& [name, value] : all) texts.push_back(name + "=" + value);
  return texts;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string Output::Text() const {
  return "exit " + std::to_string(exit) + "\n--- out\n" + out + "\n--- err\n" + err;
}

std::unique_ptr<Child> Child::Start(const Command& command, const std::string& files) {
  static std::atomic<int> count{0};
  std::unique_ptr<Child> child(new Child);
  const std::string stem = files + "/child-" + std::to_string(++count);
  child->out_ = stem + ".out";
  child->err_ = stem + ".err";
  child->name_ = command.program;
  std::vector<std::string> arguments = command.arguments;
  arguments.insert(arguments.begin(), command.program);
  for (const std::string& argument : command.arguments) child->name_ += " " + argument;
  std::vector<std::string> environment = Environment(command.environment);
  const std::vector<char*> argv = Pointers(&arguments);
  const std::vector<char*> envp = Pointers(&environment);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = open(child->out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int err = open(child->err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  child->pid_ = fork();
  if (child->pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) _exit(126);
    execvpe(command.program.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  close(in);
  close(out);
  close(err);
  return child;
}

Child::~Child() {
  if (!ended_ && pid_ > 0) {
    Signal(SIGKILL);
    Reap(true);
  }
}

bool Child::Reap(bool wait) {
  if (ended_) return true;
  int status = 0;
  if (waitpid(pid_, &status, wait ? 0 : WNOHANG) != pid_) return false;
  ended_ = true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return true;
}

bool Child::Running() { return !Reap(false); }

std::string Child::Err() const { return ReadText(err_); }

void Child::Signal(int signal) const {
  if (!ended_) kill(pid_, signal);
}

int Child::KillWorkers() const {
  int killed = 0;
  std::error_code ended;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ended)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string status = ReadText(entry.path().string() + "/status");
    if (status.find("\nPPid:\t" + std::to_string(pid_) + "\n") == std::string::npos) continue;
    killed += kill(static_cast<pid_t>(std::atol(name.c_str())), SIGKILL) == 0 ? 1 : 0;
  }
  return killed;
}

Output Child::Wait() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!Reap(false)) {
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << name_ << " does not end.";
      Signal(SIGABRT);
      Reap(true);
    }
    std::this_thread::sleep_for(kPoll);
  }
  Output output;
  output.exit = exit_;
  output.out = ReadText(out_);
  output.err = ReadText(err_);
  output.json = Json::Parse(output.out);
  std::error_code ignored;
  std::filesystem::remove(out_, ignored);
  std::filesystem::remove(err_, ignored);
  EXPECT_EQ(output.err.find("AddressSanitizer"), std::string::npos) << output.err;
  EXPECT_EQ(output.err.find("runtime error:"), std::string::npos) << output.err;
  EXPECT_NE(exit_, 127) << name_ << " cannot be started.";
  return output;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  ASSERT_TRUE(file.good()) << path;
}

}  // namespace penstock::e2e
