# penstock_add_connector(<id> SOURCES a.cc ... [LIBS x ...] [MANIFEST manifest.json])
#
# Makes ${CMAKE_BINARY_DIR}/lib/penstock/connectors/<id>.so, which exports the entry and nothing else, and beside it the
# sidecar <id>.connector.json. The manifest is one text with two homes: the sidecar, and kManifest in the generated
# header penstock_manifest.h. @PENSTOCK_DRAFT_ID@ in it stands for the header's draft.

get_filename_component(PENSTOCK_SDK_DIR ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE CACHE)
# Where connectors go; set the variable for another place.
set(PENSTOCK_CONNECTOR_DIR ${CMAKE_BINARY_DIR}/lib/penstock/connectors)

function(penstock_add_connector id)
  cmake_parse_arguments(ARG "" "MANIFEST" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_MANIFEST)
    set(ARG_MANIFEST ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  endif()

  # The manifest, once.
  set(header ${PENSTOCK_SDK_DIR}/include/penstock/connector.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header} ${ARG_MANIFEST})
  file(STRINGS ${header} draft_line REGEX "define PENSTOCK_DRAFT_ID")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" PENSTOCK_DRAFT_ID "${draft_line}")
  set(sidecar ${PENSTOCK_CONNECTOR_DIR}/${id}.connector.json)
  configure_file(${ARG_MANIFEST} ${sidecar} @ONLY NEWLINE_STYLE UNIX
                 FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  file(READ ${sidecar} PENSTOCK_MANIFEST)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${id}_generated)
  file(CONFIGURE OUTPUT ${generated}/penstock_manifest.h @ONLY CONTENT
       "#pragma once\n// Generated from manifest.json.\ninline constexpr char kManifest[] =\n    R\"penstock(@PENSTOCK_MANIFEST@)penstock\";\n")

  set(target penstock_connector_${id})
  add_library(${target} MODULE ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${id} PREFIX "" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY ${PENSTOCK_CONNECTOR_DIR}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${PENSTOCK_SDK_DIR}/cmake/connector.map)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} PRIVATE ${generated} ${PENSTOCK_SDK_DIR}/include ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE penstock_sdk_documents ${ARG_LIBS} $<TARGET_NAME_IF_EXISTS:penstock_options>)
  # Hiding alone still exports what templates of the standard library leave behind; the script does not.
  target_link_options(${target} PRIVATE -Wl,--version-script=${PENSTOCK_SDK_DIR}/cmake/connector.map)
  if(NOT PENSTOCK_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs -static-libstdc++ -static-libgcc)
  endif()
endfunction()
