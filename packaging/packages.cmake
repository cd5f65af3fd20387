# `cpack` in a release build: penstock-sdk-VERSION-linux-ARCH.tar.gz (the SDK alone in one folder of that name,
# relocatable: unpack it anywhere and set CMAKE_PREFIX_PATH to that folder) and penstock_VERSION_ARCH.deb (host and SDK: both are of one build while the ABI is a draft).
set(CPACK_PACKAGE_NAME penstock)
set(CPACK_PACKAGE_VENDOR Penstock)
set(CPACK_PACKAGE_CONTACT "The Penstock authors <penstock@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Reverse ETL that proves what it did, with the SDK for its connectors")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES OFF)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_COMPONENTS_ALL host sdk)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/cpack-generators.cmake)

execute_process(COMMAND dpkg --print-architecture OUTPUT_VARIABLE PENSTOCK_ARCH OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET)
if(NOT PENSTOCK_ARCH)
  set(PENSTOCK_ARCH ${CMAKE_SYSTEM_PROCESSOR})
endif()
set(CPACK_PENSTOCK_SDK_FILE penstock-sdk-${PROJECT_VERSION}-linux-${PENSTOCK_ARCH})

# The libraries that the programs need are found in them (dpkg-shlibdeps).
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# And what no link shows: roots of TLS, names of time zones.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++, cmake")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
