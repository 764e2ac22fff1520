/** A zstd frame (RFC 8878) of blocks that hold bytes as they are: valid, though it compresses nothing. */
export const zstdStored = (bytes: Uint8Array): Buffer => {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length || at === 0; at += blockSize) {
    const block = bytes.subarray(at, at + blockSize)
    blocks.push(header(block.length, 0, at + blockSize >= bytes.length), Buffer.from(block))
  }
  return Buffer.concat([frameHeader, ...blocks])
}

/** A zstd frame of one byte repeated: 128 KiB for every four bytes. */
export const zstdRepeated = (byte: number, blocks: number): Buffer =>
  Buffer.concat([
    frameHeader,
    ...Array.from({ length: blocks }, (_, at) => Buffer.from([...header(blockSize, 1, at === blocks - 1), byte])),
  ])

/** 40 lines of `zstdLine` as `zstd -19` compresses them. */
export const zstdSample = Buffer.from(
  'KLUv/WRIB80BAFLDCxGw6xm29ByubSUFFVpN9jHISyBere7F21y6Hj2kHkTRP3b78JEkRRIzrufXZ9lhAQAFAewrKDV4gZ8=',
  'base64',
)
export const zstdLine = '{"ip_str":"192.0.2.1","port":80,"data":"compressed"}\n'

/** The magic number, no content size, and a window of 128 KiB. */
const frameHeader = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38])
const blockSize = 2 ** 17
const header = (size: number, type: number, last: boolean): Buffer => {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntLE((size << 3) | (type << 1) | Number(last), 0, 3)
  return bytes
}
