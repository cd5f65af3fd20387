# cmake --install BUILD --component host --prefix P: the program. Connectors and sandboxes are beside it, in
# lib/penstock/connectors, where it looks for them.
if(TARGET penstock)
  install(TARGETS penstock RUNTIME DESTINATION bin COMPONENT host)
endif()
if(TARGET penstock-worker)
  install(TARGETS penstock-worker RUNTIME DESTINATION lib/penstock COMPONENT host)
endif()
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/penstock COMPONENT host)
