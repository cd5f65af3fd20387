penstock_add_library(penstock_test_crash SOURCES ${CMAKE_CURRENT_LIST_DIR} /
                     crash.cc LIBS penstock_file GTest::gtest)
