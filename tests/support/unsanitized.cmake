# Where a worker without sanitizers is built (tests/sdk), and connectors for it.
include_guard(GLOBAL)
set(PENSTOCK_UNSANITIZED_DIR ${CMAKE_BINARY_DIR}/tests/unsanitized CACHE INTERNAL "")

# add_unsanitized_connector(id): the connector of this folder, which penstock_add_connector() added, once more.
function(add_unsanitized_connector id)
  set(target unsanitized_${id})
  add_library(${target} MODULE connectors/${id}.cc)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${id} PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PENSTOCK_UNSANITIZED_DIR} C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${id}_generated)
  target_link_libraries(${target} PRIVATE unsanitized_documents)
  target_link_options(${target} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/sdk/cmake/connector.map)
  configure_file(${PENSTOCK_CONNECTOR_DIR}/${id}.connector.json ${PENSTOCK_UNSANITIZED_DIR}/${id}.connector.json COPYONLY)
endfunction()
