/** Text that is encoded as it comes: hundred thousands of small strings cost the collector of garbage more than their bytes. */
const encodedAtATime = 2 ** 18

/** Readings of an input that are yet to be written, a line each. */
export interface Staged {
  readonly file: number
  readonly rows: number
  /** UTF-16 units: of all lines, and of the longest. */
  readonly length: number
  readonly longest: number
  add(line: string): void
  bytes(): Buffer
}

/** @param file the input's number */
export function stagedFor(file: number): Staged {
  const encoded: Buffer[] = []
  let text = ''
  let [rows, length, longest] = [0, 0, 0]
  const encode = (): void => {
    encoded.push(Buffer.from(text))
    text = ''
  }
  return {
    file,
    get rows() {
      return rows
    },
    get length() {
      return length
    },
    get longest() {
      return longest
    },
    add: (line) => {
      rows++
      length += line.length
      longest = Math.max(longest, line.length)
      text += line
      if (text.length >= encodedAtATime) encode()
    },
    bytes: () => {
      encode()
      return Buffer.concat(encoded)
    },
  }
}
