# Everything here is a Debian 12 package; `./run` and `./test` install them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)

# Libraries that bring no CMake package of their own.
function(batal_find_library target header library)
  find_path(${target}_include ${header} REQUIRED)
  find_library(${target}_library ${library} REQUIRED)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_include})
  target_link_libraries(${target} INTERFACE ${${target}_library})
endfunction()
batal_find_library(batal_isal isa-l/crc.h isal)
batal_find_library(batal_sodium sodium.h sodium)

add_library(batal_beast INTERFACE)
target_link_libraries(batal_beast INTERFACE Boost::headers Threads::Threads OpenSSL::SSL)
target_compile_definitions(batal_beast INTERFACE BOOST_ASIO_NO_DEPRECATED)
