# Build rules that every folder shares: warnings, sanitizers, and the functions that add libraries and tests.

add_library(penstock_options INTERFACE)
target_compile_options(penstock_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
  # g++ 12 reports std::string concatenation, and at -O2 std::optional, falsely.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-maybe-uninitialized>)
if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_options INTERFACE
    -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(penstock_options INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
endif()

find_program(PENSTOCK_CCACHE ccache)
if(PENSTOCK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without the two words ccache does not keep what was compiled with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${PENSTOCK_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${PENSTOCK_CCACHE})
endif()

# For folders whose code is compiled often and run little: without the optimiser a debug build of them takes half the
# time.
macro(penstock_build_quickly)
  add_compile_options($<$<CONFIG:Debug>:-O0>)
  set(PENSTOCK_HEADERS quick)
endmacro()

# The standard library's headers, read once in debug builds, where they were a third to half of the time. Release
# builds read them as the files say: there a forgotten #include is found.
#   plain: optimised code; quick: of penstock_build_quickly(); tests: that with GoogleTest.
option(PENSTOCK_PRECOMPILE "Precompile the standard headers" OFF)
set(PENSTOCK_HEADERS plain)
function(penstock_precompile kind)
  add_library(penstock_headers_${kind} STATIC ${CMAKE_SOURCE_DIR}/cmake/headers/empty.cc)
  target_link_libraries(penstock_headers_${kind} PRIVATE penstock_options)
  target_precompile_headers(penstock_headers_${kind} PRIVATE ${ARGN})
endfunction()
if(PENSTOCK_PRECOMPILE)
  set(_headers ${CMAKE_SOURCE_DIR}/cmake/headers/standard.h)
  penstock_precompile(plain ${_headers})
  penstock_precompile(quick ${_headers})
  target_compile_options(penstock_headers_quick PRIVATE -O0)
  if(PENSTOCK_TESTS)
    penstock_precompile(tests ${_headers} <gmock/gmock.h> <gtest/gtest.h>)
    target_compile_options(penstock_headers_tests PRIVATE -O0)
    target_link_libraries(penstock_headers_tests PRIVATE GTest::gmock)
  endif()
endif()
function(_penstock_use_headers name)
  if(PENSTOCK_PRECOMPILE)
    # The headers of libraries serve programs as well only if both are compiled alike.
    target_compile_options(${name} PRIVATE -fPIC)
    target_precompile_headers(${name} REUSE_FROM penstock_headers_${PENSTOCK_HEADERS})
  endif()
endfunction()

# Adds a top-level folder if it is there and asked for.
macro(penstock_add_folder name)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${name}/CMakeLists.txt AND
     (NOT PENSTOCK_ONLY OR "${name}" IN_LIST PENSTOCK_ONLY))
    add_subdirectory(${name})
  endif()
endmacro()

# Adds every direct sub-folder that has a CMakeLists.txt.
macro(penstock_add_rooms)
  file(GLOB _rooms LIST_DIRECTORIES true RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *)
  foreach(_room ${_rooms})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${_room}/CMakeLists.txt)
      add_subdirectory(${_room})
    endif()
  endforeach()
endmacro()

# penstock_add_library(name SOURCES a.cc ... LIBS x y)
function(penstock_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sdk/include)
  target_link_libraries(${name} PUBLIC ${ARG_LIBS} PRIVATE $<BUILD_INTERFACE:penstock_options>)
  _penstock_use_headers(${name})
  if(PENSTOCK_SANITIZE)
    target_link_options(${name} PUBLIC -fsanitize=${PENSTOCK_SANITIZE})
  endif()
endfunction()

# penstock_add_executable(name SOURCES a.cc ... LIBS x y)
function(penstock_add_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sdk/include)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} $<BUILD_INTERFACE:penstock_options>)
  _penstock_use_headers(${name})
endfunction()

# penstock_add_test(name SOURCES a.cc ... LIBS x y [TIMEOUT seconds]): a GoogleTest program, one ctest entry.
function(penstock_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;ARGS;ENV" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set(PENSTOCK_HEADERS tests)
  penstock_add_executable(${name} SOURCES ${ARG_SOURCES} LIBS ${ARG_LIBS} GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    PENSTOCK_TEST_BIN_DIR="${CMAKE_BINARY_DIR}/bin"
    PENSTOCK_TEST_CONNECTOR_DIR="${CMAKE_BINARY_DIR}/lib/penstock/connectors"
    PENSTOCK_TEST_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENV}")
endfunction()
