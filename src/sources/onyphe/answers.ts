import type { Question } from '../../model/engine.ts'
import { elementTexts } from '../elements.ts'
import { isCount, isObject } from '../judge.ts'
import type { Account, Page } from '../surveyor.ts'
import { strangeness } from './query.ts'

/*
 * What ONYPHE answers, and where that stands:
 * - pages {count, error, max_page, page_size, results, status, text, total}, where numbers may be texts: sample
 *   engines/onyphe.json and https://www.onyphe.io/docs/apis/search
 * - errors: `error` that is not 0, `status` "nok" and `text`: https://github.com/onyphe/pyonyphe (src/pyonyphe/errors.py, models.py)
 * - credits left: https://www.onyphe.io/docs/apis/user says that they are told; that they are `credits` of the only result, and
 *   `view` the plan, is what clients make of it
 * What a record says is read by the importer; here it is only told from others, and kept as it came.
 */

/** Records on a page that is not the last one: what the page of the API shows. */
export const rowsPerPage = 100
/** No more of a query are given, however many there are: https://www.onyphe.io/docs/apis/search */
export const mostRows = 10_000

/** The engine's own words where it says that something is wrong. */
export function errorOf(json: unknown): string | undefined {
  if (!isObject(json)) return undefined
  const { error, status, text } = json
  if (Number(error ?? 0) === 0 && status !== 'nok') return undefined
  return typeof text === 'string' && text !== '' ? text : `error ${JSON.stringify(error)}`
}

/** What a page holds; `odd` says why it is not what was asked for. */
export type Received = Page & { readonly odd?: string }

/** Records of a page, in their order, as the texts they are. @returns undefined when the answer has another shape */
export function readPage(json: unknown, text: string, question: Question): Received | undefined {
  if (!isObject(json)) return undefined
  const { results, total, page_size: size } = json
  if (!Array.isArray(results) || !isCount(total) || results.length > rowsPerPage) return undefined
  if (!results.every(isObject)) return undefined
  const lines = elementTexts(text, 'results')
  // A key that stands there twice.
  if (lines.length !== results.length) return undefined
  const strange = results.map((record) => strangeness(record, question)).find((why) => why !== undefined)
  const odd =
    strange !== undefined
      ? `records that were not asked for (${strange})`
      : Number(size ?? rowsPerPage) !== rowsPerPage
        ? `pages of ${JSON.stringify(size)} records where ${rowsPerPage} were asked for`
        : undefined
  return {
    total,
    rows: lines.map((line, index) => ({ line, key: recordKey(results[index] ?? {}, line) })),
    ...(odd === undefined ? {} : { odd }),
  }
}

/** What tells a record, given as its line, from others. */
export const keyOfLine = (line: string): string =>
  recordKey(JSON.parse(line) as Readonly<Record<string, unknown>>, line)

/** A record is one answer of one endpoint at one time; one that does not say so is told by all it says. */
function recordKey({ ip, port, transport, '@timestamp': at }: Readonly<Record<string, unknown>>, line: string): string {
  const isWhole = [ip, port, at].every((each) => typeof each === 'string' || typeof each === 'number')
  return isWhole ? JSON.stringify([ip, String(port), transport ?? null, at]) : line
}

/** Credits left. @returns undefined when the answer has another shape */
export function readAccount(json: unknown): Account | undefined {
  const results: unknown = isObject(json) ? json['results'] : undefined
  const first: unknown = Array.isArray(results) ? results[0] : undefined
  if (!isObject(first) || !isCount(first['credits'])) return undefined
  const { view, credits } = first
  return { plan: typeof view === 'string' ? view : 'unknown', credits }
}
