# vx11_cxx11_abi: the _GLIBCXX_USE_CXX11_ABI of this build, 0 or 1; not defined with another library than
# libstdc++.
include(CheckCXXSourceCompiles)
get_directory_property(definitions COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND -D)
set(CMAKE_REQUIRED_DEFINITIONS ${definitions})
foreach(abi IN ITEMS 0 1)
  check_cxx_source_compiles("#include <string>
    #if !defined(_GLIBCXX_USE_CXX11_ABI) || _GLIBCXX_USE_CXX11_ABI != ${abi}
    #error
    #endif
    int main() {}" VX11_STRING_ABI_IS_${abi})
  if(VX11_STRING_ABI_IS_${abi})
    set(vx11_cxx11_abi ${abi})
  endif()
endforeach()
unset(CMAKE_REQUIRED_DEFINITIONS)
