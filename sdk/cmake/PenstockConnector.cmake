# penstock_add_connector(<id> SOURCES a.cc ... [LIBS x ...] [MANIFEST manifest.json] [NO_INSTALL])
#
# Makes <id>.so in PENSTOCK_CONNECTOR_DIR, which exports the entry and nothing else, and beside it the sidecar
# <id>.connector.json; the target is penstock_connector_<id>. The manifest is one text with two homes: the sidecar, and
# kManifest in the generated header penstock_manifest.h. @PENSTOCK_DRAFT_ID@ in it stands for the header's draft. `cmake
# --install` puts both into lib/penstock/connectors (not with NO_INSTALL).
#
# penstock_add_sandbox(<id> SOURCES a.cc ...)
#
# Makes the program <id>-sandbox beside the connector, on the sandbox server library (from the package:
# find_package(PenstockSDK COMPONENTS sandbox), which needs Poco).
#
# penstock_add_conformance_tests(<id> LEVEL n [FIXTURE file] [ARGS ...] [TIMEOUT seconds])
#
# Adds the ctest entry <id>_conformance, which runs penstock-check on that connector up to level n.
#
# Works in Penstock's own tree and, through find_package(PenstockSDK), from the installed package alone.

# Where the two files go. A caller may set another place before it adds connectors.
if(NOT DEFINED PENSTOCK_CONNECTOR_DIR)
  set(PENSTOCK_CONNECTOR_DIR ${CMAKE_BINARY_DIR})
endif()

# What the header says of its draft, e.g. draft-2026-11-22.
function(_penstock_draft_id result)
  get_target_property(dirs Penstock::connector_abi INTERFACE_INCLUDE_DIRECTORIES)
  foreach(dir ${dirs})
    string(REGEX REPLACE "^\\$<BUILD_INTERFACE:(.*)>$" "\\1" dir "${dir}")
    set(header ${dir}/penstock/connector.h)
    if(EXISTS ${header})
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
      file(STRINGS ${header} line REGEX "define PENSTOCK_DRAFT_ID")
      string(REGEX REPLACE ".*\"(.*)\".*" "\\1" id "${line}")
      set(${result} "${id}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "penstock/connector.h is not in the include directories of Penstock::connector_abi: ${dirs}")
endfunction()

function(penstock_add_connector id)
  cmake_parse_arguments(ARG "NO_INSTALL" "MANIFEST" "SOURCES;LIBS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "penstock_add_connector(<id> SOURCES a.cc ... [LIBS x ...] [MANIFEST manifest.json] [NO_INSTALL]): "
                        "got ${id} ${ARGN}")
  endif()
  if(NOT ARG_MANIFEST)
    set(ARG_MANIFEST manifest.json)
  endif()
  get_filename_component(manifest ${ARG_MANIFEST} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT EXISTS ${manifest})
    message(FATAL_ERROR "penstock_add_connector(${id}): there is no manifest ${manifest}")
  endif()

  # The manifest, once.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  _penstock_draft_id(PENSTOCK_DRAFT_ID)
  set(sidecar ${PENSTOCK_CONNECTOR_DIR}/${id}.connector.json)
  configure_file(${manifest} ${sidecar} @ONLY NEWLINE_STYLE UNIX
                 FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  file(READ ${sidecar} PENSTOCK_MANIFEST)
  string(JSON manifest_id ERROR_VARIABLE no_id GET "${PENSTOCK_MANIFEST}" id)
  if(no_id OR NOT manifest_id STREQUAL id)
    message(FATAL_ERROR "penstock_add_connector(${id}): ${manifest} must be JSON with \"id\": \"${id}\" "
                        "(${no_id}${manifest_id})")
  endif()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${id}_generated)
  file(CONFIGURE OUTPUT ${generated}/penstock_manifest.h @ONLY CONTENT
       "#pragma once\n// Generated from manifest.json.\ninline constexpr char kManifest[] =\n    R\"penstock(@PENSTOCK_MANIFEST@)penstock\";\n")

  set(target penstock_connector_${id})
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/connector.map)
  add_library(${target} MODULE ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${id} PREFIX "" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY ${PENSTOCK_CONNECTOR_DIR}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    PENSTOCK_SIDECAR ${sidecar}
    LINK_DEPENDS ${map})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} PRIVATE ${generated})
  target_link_libraries(${target} PRIVATE Penstock::sdk ${ARG_LIBS} $<TARGET_NAME_IF_EXISTS:penstock_options>)
  # Hiding alone still exports what templates of the standard library leave behind; the script does not.
  target_link_options(${target} PRIVATE -Wl,--version-script=${map})
  # Sanitizers leave symbols for their runtime to resolve, and bring their own C++ runtime's interceptors.
  if(NOT PENSTOCK_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -static-libstdc++ -static-libgcc)
  endif()
  if(NOT ARG_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION lib/penstock/connectors COMPONENT host)
    install(FILES ${sidecar} DESTINATION lib/penstock/connectors COMPONENT host)
  endif()
endfunction()

function(penstock_add_sandbox id)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "penstock_add_sandbox(<id> SOURCES a.cc ...): got ${id} ${ARGN}")
  endif()
  if(NOT TARGET Penstock::sandbox)
    message(FATAL_ERROR "penstock_add_sandbox(${id}): ask for it: find_package(PenstockSDK COMPONENTS sandbox)")
  endif()
  add_executable(${id}-sandbox ${ARG_SOURCES})
  set_target_properties(${id}-sandbox PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PENSTOCK_CONNECTOR_DIR})
  target_link_libraries(${id}-sandbox PRIVATE Penstock::sandbox $<TARGET_NAME_IF_EXISTS:penstock_options>)
  install(TARGETS ${id}-sandbox RUNTIME DESTINATION lib/penstock/connectors COMPONENT host)
endfunction()

function(penstock_add_conformance_tests id)
  cmake_parse_arguments(ARG "" "LEVEL;FIXTURE;TIMEOUT" "ARGS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_LEVEL MATCHES "^[1-5]$")
    message(FATAL_ERROR "penstock_add_conformance_tests(<id> LEVEL 1..5 [FIXTURE file] [ARGS ...] [TIMEOUT seconds]): "
                        "got ${id} ${ARGN}")
  endif()
  if(NOT TARGET penstock_connector_${id})
    message(FATAL_ERROR "penstock_add_conformance_tests(${id}): call penstock_add_connector(${id} ...) first")
  endif()
  if(NOT TARGET Penstock::check)
    message(FATAL_ERROR "penstock_add_conformance_tests(${id}): this SDK was installed without bin/penstock-check")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)
  endif()
  set(command $<TARGET_FILE:Penstock::check> $<TARGET_FILE:penstock_connector_${id}> --level ${ARG_LEVEL} ${ARG_ARGS})
  if(ARG_FIXTURE)
    get_filename_component(fixture ${ARG_FIXTURE} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND command --fixture ${fixture})
  endif()
  add_test(NAME ${id}_conformance COMMAND ${command})
  set_tests_properties(${id}_conformance PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()
