const mark = Buffer.from([0xef, 0xbb, 0xbf])

/** The same bytes without UTF-8's byte order mark at their beginning, however they are cut into pieces. */
export async function* withoutMark(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0)
  for await (const bytes of input) {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (held === undefined) {
      yield piece
      continue
    }
    const beginning: Buffer = held.length === 0 ? piece : Buffer.concat([held, piece])
    // It may yet become one.
    if (beginning.length < mark.length && mark.subarray(0, beginning.length).equals(beginning)) held = beginning
    else {
      held = undefined
      yield beginning.subarray(0, mark.length).equals(mark) ? beginning.subarray(mark.length) : beginning
    }
  }
  if (held !== undefined && held.length > 0) yield held
}
