/**
 * The texts of the objects in a list that the outermost object of a valid JSON text (RFC 8259) holds under `key`, each on
 * one line. They are cut out, not written anew: numbers no double can hold, as a certificate's serial number, stay as they
 * came. None where there is no such list.
 */
export function elementTexts(text: string, key: string): string[] {
  const found: string[] = []
  const isOneLine = !text.includes('\n') && !text.includes('\r')
  const lineOf = (element: string): string => (isOneLine ? element : element.replaceAll(/[\n\r]/g, ' '))
  let depth = 0
  let start = 0
  let isListed = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at)
        if (depth === 1) isListed = text.slice(at + 1, end) === key && /^\s*:\s*\[/.test(text.slice(end + 1, end + 20))
        at = end
        break
      }
      case openBrace:
      case openBracket:
        depth++
        if (isListed && depth === elementDepth) start = at
        break
      case closeBrace:
      case closeBracket:
        if (isListed && depth === elementDepth) found.push(lineOf(text.slice(start, at + 1)))
        depth--
        if (isListed && depth === 1) return found
    }
  }
  return found
}

const quote = 0x22
const [openBrace, closeBrace] = [0x7b, 0x7d]
const [openBracket, closeBracket] = [0x5b, 0x5d]
/** That of an object's list's element. */
const elementDepth = 3

/** Where a string that begins at `start` ends: at a quote that an even number of backslashes stands before. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === 0x5c) before--
    if ((end - before) % 2 === 1) return end
  }
  return text.length
}
