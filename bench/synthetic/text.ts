import type { Random } from './random.ts'

const poolCharacters = 2 ** 21

/**
 * Cuts pieces of random base64 out of one long text made beforehand: as little compressible as the keys and
 * certificates they stand for, and distinct from record to record at the cost of a substring.
 */
export function base64Pieces(random: Random): (random: Random, characters: number) => string {
  const bytes = Uint32Array.from({ length: (poolCharacters * 3) / 16 }, () => random.next())
  const pool = Buffer.from(bytes.buffer).toString('base64')
  return (draw, characters) => {
    const start = draw.below(pool.length - characters)
    return pool.slice(start, start + characters)
  }
}

const syllables =
  'ka ser ver to ki web na mo ri ta sys tem ho me shi ma con fi gu ra ya ne do su &#26085; &#26412;'.split(' ')
const tags = [
  '<p>\r\n',
  '</p>\r\n',
  '<a href="/index.html">',
  '</a>',
  '<div class="item">\n\t',
  '</div>\n',
  '<br />\n',
  '<span>',
  '</span>',
]

const distinctPages = 8192

/**
 * Bodies of front pages as JSON text without the quotes: invented words between tags, many short and a few of several
 * kilobytes. A few thousand pages serve all records, the popular ones far more often: on the Internet, too, most front
 * pages are the ones that products come with.
 */
export function frontPages(random: Random): (random: Random) => string {
  const words = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + random.below(4) }, () => random.pick(syllables)).join(''),
  )
  const part = (): string =>
    random.chance(0.15)
      ? random.pick(tags)
      : `${words[Math.floor(random.below(words.length) * (random.below(1000) / 1000))] ?? ''} `
  const page = (): string => {
    const characters = 200 + Math.floor(random.below(1900) * (random.below(1000) / 1000) * 1.6)
    let text = ''
    while (text.length < characters) text += part()
    return JSON.stringify(text).slice(1, -1)
  }
  const pages = Array.from({ length: distinctPages }, page)
  return (draw) => pages[Math.floor(distinctPages * (draw.next() / 2 ** 32) ** 2)] ?? ''
}
