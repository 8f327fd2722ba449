# tandem, tandemd and one executable a provider: providers/NAME/*.cc → tandem-provider-NAME. What of
# a provider needs no gRPC is a library of its folder, and built without TANDEM_GRPC too.
function(tandem_program name main)
  if(NOT TANDEM_GRPC OR NOT EXISTS "${PROJECT_SOURCE_DIR}/${main}")
    return()
  endif()
  add_executable(${name} "${main}")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE ${ARGN})
endfunction()

tandem_program(tandemd src/daemon/tandemd_main.cc tandem_daemon)
tandem_program(tandem src/cli/tandem_main.cc tandem_cli)

file(GLOB providers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/providers/*/CMakeLists.txt")
foreach(provider ${providers})
  cmake_path(GET provider PARENT_PATH folder)
  add_subdirectory("${folder}")
endforeach()
