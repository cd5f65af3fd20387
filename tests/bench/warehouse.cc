// A PostgreSQL server for the benchmarks. Prints its URL, then runs each line of its input as SQL
// and answers "ok" or "error: …". Ends, and the server with it, when the input ends.
#include <iostream>
#include <string>

#include "tests/support/postgres.h"

int main() {
  const auto server = penstock::testing::PostgresServer::Start();
  if (!server.ok()) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << (*server)->url() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    const penstock::Status done = (*server)->Exec(line);
    std::cout << (done.ok() ? "ok" : "error: " + done.error().message) << std::endl;
  }
  return 0;
}
