import { isCount, isObject } from '../judge.ts'
import type { Page } from '../surveyor.ts'
import { elementTexts } from '../elements.ts'

/*
 * Pages of GET /shodan/host/search: {matches: [banner], total}, as recorded by ninoseki/shodanx (sample
 * shodan-api/Shodan_Clients_Host_search_1_3_1.json) and described at https://developer.shodan.io/api. What a banner says is
 * read by the importer; here it is only told from others, and kept as it came.
 */

/** Banners on a page that is not the last one. */
export const rowsPerPage = 100

/** Banners of a page, in their order, given as JSON and as the text that is. @returns undefined when the answer has another shape */
export function readPage(json: unknown, text: string): Page | undefined {
  if (!isObject(json)) return undefined
  const { total, matches } = json
  if (!isCount(total) || !Array.isArray(matches) || matches.length > rowsPerPage) return undefined
  if (!matches.every(isObject)) return undefined
  const lines = elementTexts(text, 'matches')
  // A key that stands there twice.
  if (lines.length !== matches.length) return undefined
  return { total, rows: lines.map((line, index) => ({ line, key: bannerKey(matches[index] ?? {}, line) })) }
}

/** What tells a banner, given as its line, from others. */
export const keyOfLine = (line: string): string => bannerKey(JSON.parse(line) as Banner, line)

type Banner = Readonly<Record<string, unknown>>

/** A banner is one answer of one endpoint at one time; one that does not say so is told by all it says. */
function bannerKey({ ip_str: text, ip, port, transport, timestamp }: Banner, line: string): string {
  const address = text ?? ip
  const isWhole = [address, port, timestamp].every((each) => typeof each === 'string' || typeof each === 'number')
  return isWhole ? JSON.stringify([address, port, transport ?? null, timestamp]) : line
}
