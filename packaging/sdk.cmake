# cmake --install BUILD --component sdk --prefix P: all that a connector needs, and nothing of core or host.
set(_sdk ${CMAKE_SOURCE_DIR}/sdk)
set(_config lib/cmake/PenstockSDK)

# ---- what is compiled against and linked

install(DIRECTORY ${_sdk}/include/penstock DESTINATION include COMPONENT sdk
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS penstock_sdk_documents ARCHIVE DESTINATION lib COMPONENT sdk)
# RapidJSON is bundled: json_reader.hpp needs it in every connector, and a machine with this package, a compiler and
# CMake must be enough. Its headers are under a folder of ours, so that they are nobody else's.
find_path(PENSTOCK_RAPIDJSON_DIR rapidjson/document.h HINTS ${RapidJSON_INCLUDE_DIRS} ${RAPIDJSON_INCLUDE_DIRS} REQUIRED)
install(DIRECTORY ${PENSTOCK_RAPIDJSON_DIR}/rapidjson DESTINATION include/penstock/third_party COMPONENT sdk
        FILES_MATCHING PATTERN "*.h" PATTERN msinttypes EXCLUDE)  # msinttypes: for another compiler, another licence
install(FILES /usr/share/doc/rapidjson-dev/copyright DESTINATION share/doc/penstock-sdk RENAME copyright.rapidjson
        COMPONENT sdk)

# ---- find_package(PenstockSDK)

file(STRINGS ${_sdk}/include/penstock/connector.h _line REGEX "define PENSTOCK_DRAFT_ID")
string(REGEX REPLACE ".*\"(.*)\".*" "\\1" PENSTOCK_DRAFT_ID "${_line}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_sdk}/include/penstock/connector.h)
configure_package_config_file(${_sdk}/cmake/PenstockSDKConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/PenstockSDKConfig.cmake
                              INSTALL_DESTINATION ${_config} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# While the version begins with 0, a minor version may change anything.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/PenstockSDKConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PenstockSDKConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/PenstockSDKConfigVersion.cmake
              ${_sdk}/cmake/PenstockConnector.cmake ${_sdk}/cmake/connector.map
        DESTINATION ${_config} COMPONENT sdk)

# ---- testing: the sandbox server (needs Poco where it is used), the kit, the worker

if(TARGET penstock_sandbox)
  install(TARGETS penstock_sandbox ARCHIVE DESTINATION lib COMPONENT sdk)
  file(GLOB _headers ${_sdk}/testing/*.h)
  install(FILES ${_headers} DESTINATION include/penstock/sandbox/sdk/testing COMPONENT sdk)
endif()
if(TARGET penstock_sdk_kit)
  install(TARGETS penstock_sdk_kit penstock_sdk_runtime ARCHIVE DESTINATION lib COMPONENT sdk)
  install(DIRECTORY ${_sdk}/testing/include/penstock/testing DESTINATION include/penstock COMPONENT sdk
          FILES_MATCHING PATTERN "*.hpp")
endif()
if(TARGET penstock-check)
  install(TARGETS penstock-check RUNTIME DESTINATION bin COMPONENT sdk)
endif()
if(TARGET penstock-worker)
  install(TARGETS penstock-worker RUNTIME DESTINATION lib/penstock COMPONENT sdk)
endif()

# ---- documents

install(DIRECTORY ${_sdk}/schema/ DESTINATION share/penstock/schema COMPONENT sdk FILES_MATCHING PATTERN "*.schema.json")
install(DIRECTORY ${_sdk}/template/connector/ DESTINATION share/penstock/template COMPONENT sdk)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${_sdk}/README.md ${_sdk}/GUIDE.md ${_sdk}/CONTRACT.md
        DESTINATION share/doc/penstock-sdk COMPONENT sdk)
install(FILES ${_sdk}/testing/README.md DESTINATION share/doc/penstock-sdk RENAME testing.md COMPONENT sdk)
if(EXISTS ${_sdk}/testing/kit/README.md)
  install(FILES ${_sdk}/testing/kit/README.md DESTINATION share/doc/penstock-sdk RENAME conformance.md COMPONENT sdk)
endif()
