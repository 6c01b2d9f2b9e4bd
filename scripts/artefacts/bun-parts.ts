/**
 * What is linked into the runtime of each binary, from LICENSE.md of Bun (https://github.com/oven-sh/bun). Licences are SPDX
 * expressions. Look at that file again when Bun's version changes.
 */
export interface Part {
  name: string
  licence: string
  url: string
}

const GITHUB = 'https://github.com'

export const BUN_PARTS: readonly Part[] = [
  { name: 'JavaScriptCore (WebKit)', licence: 'LGPL-2.0-or-later AND BSD-2-Clause', url: `${GITHUB}/oven-sh/WebKit` },
  {
    name: 'BoringSSL',
    licence: 'OpenSSL AND ISC AND BSD-3-Clause',
    url: 'https://boringssl.googlesource.com/boringssl/',
  },
  { name: 'brotli', licence: 'MIT', url: `${GITHUB}/google/brotli` },
  { name: 'libarchive', licence: 'BSD-2-Clause', url: `${GITHUB}/libarchive/libarchive` },
  { name: 'lol-html', licence: 'BSD-3-Clause', url: `${GITHUB}/cloudflare/lol-html` },
  { name: 'ls-hpack', licence: 'MIT', url: `${GITHUB}/litespeedtech/ls-hpack` },
  { name: 'ls-qpack', licence: 'MIT', url: `${GITHUB}/litespeedtech/ls-qpack` },
  { name: 'lsquic', licence: 'MIT AND BSD-3-Clause', url: `${GITHUB}/litespeedtech/lsquic` },
  { name: 'mimalloc', licence: 'MIT', url: `${GITHUB}/microsoft/mimalloc` },
  { name: 'picohttpparser', licence: 'MIT', url: `${GITHUB}/h2o/picohttpparser` },
  { name: 'zstd', licence: 'BSD-3-Clause', url: `${GITHUB}/facebook/zstd` },
  { name: 'simdutf', licence: 'Apache-2.0', url: `${GITHUB}/simdutf/simdutf` },
  { name: 'tinycc', licence: 'LGPL-2.1-or-later', url: `${GITHUB}/tinycc/tinycc` },
  { name: 'uSockets', licence: 'Apache-2.0', url: `${GITHUB}/uNetworking/uSockets` },
  { name: 'uWebSockets', licence: 'Apache-2.0', url: `${GITHUB}/jarred-sumner/uwebsockets` },
  { name: 'zlib-ng', licence: 'Zlib', url: `${GITHUB}/zlib-ng/zlib-ng` },
  { name: 'c-ares', licence: 'MIT', url: `${GITHUB}/c-ares/c-ares` },
  { name: 'ICU', licence: 'Unicode-3.0', url: `${GITHUB}/unicode-org/icu` },
  { name: 'base64', licence: 'BSD-2-Clause', url: `${GITHUB}/aklomp/base64` },
  { name: 'libdeflate', licence: 'MIT', url: `${GITHUB}/ebiggers/libdeflate` },
  { name: 'libjpeg-turbo', licence: 'BSD-3-Clause AND IJG AND Zlib', url: `${GITHUB}/libjpeg-turbo/libjpeg-turbo` },
  { name: 'libspng', licence: 'BSD-2-Clause', url: `${GITHUB}/randy408/libspng` },
  { name: 'libwebp', licence: 'BSD-3-Clause', url: `${GITHUB}/webmproject/libwebp` },
  { name: 'highway', licence: 'Apache-2.0', url: `${GITHUB}/google/highway` },
  { name: 'uucode', licence: 'MIT', url: `${GITHUB}/jacobsandlund/uucode` },
  { name: 'TigerBeetle (parts)', licence: 'Apache-2.0', url: `${GITHUB}/tigerbeetle/tigerbeetle` },
  { name: 'libc++abi (parts)', licence: 'Apache-2.0 WITH LLVM-exception', url: `${GITHUB}/llvm/llvm-project` },
]
