# What every target of the project is compiled with.
add_library(batal_options INTERFACE)
target_include_directories(batal_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(batal_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
target_compile_definitions(batal_options INTERFACE BATAL_VERSION="${PROJECT_VERSION}")

# batal_room(name [ROOMS rooms it uses] [LIBS libraries it uses]): one static library per folder of src/.
function(batal_room name)
  cmake_parse_arguments(arg "" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME batal_${name} LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC ${arg_ROOMS} Boost::headers ${arg_LIBS} PRIVATE batal_options)
endfunction()
