import { withoutMark } from './byte-order-mark.ts'

/** One line of an input, without its line end; or the fact that it was too long to keep. */
export type Line =
  | { readonly number: number; readonly bytes: Buffer; readonly tooLong: false; readonly last: boolean }
  | { readonly number: number; readonly bytes: Buffer; readonly tooLong: true; readonly last: boolean }

/**
 * Splits bytes at LF (a CR before it is removed), holding at most `maxBytes` of one line: a longer one comes as
 * `tooLong` with its first 1,000 bytes. A UTF-8 BOM at the start is dropped. `last` marks text after the final LF:
 * the end of an input that does not close its last line, perhaps because it was cut off.
 */
export async function* lines(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let number = 1
  let held: Buffer[] = []
  let heldBytes = 0
  const finish = (last: boolean): Line => {
    let bytes = held.length === 1 && held[0] ? held[0] : Buffer.concat(held)
    const tooLong = heldBytes > maxBytes
    held = []
    heldBytes = 0
    if (!tooLong && bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1)
    return { number: number++, bytes: tooLong ? bytes.subarray(0, 1000) : bytes, tooLong, last }
  }
  const hold = (part: Buffer): void => {
    if (heldBytes <= maxBytes && part.length > 0) held.push(part)
    heldBytes += part.length
  }
  for await (const chunk of withoutMark(input)) {
    let rest = chunk
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      hold(rest.subarray(0, end))
      yield finish(false)
      rest = rest.subarray(end + 1)
    }
    hold(rest)
  }
  if (heldBytes > 0) yield finish(true)
}
