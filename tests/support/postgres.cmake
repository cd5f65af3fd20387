penstock_add_library(penstock_test_postgres SOURCES postgres.cc LIBS PostgreSQL::client)
