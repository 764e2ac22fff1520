import type { HttpAnswer } from '../net/http.ts'
import type { Judgement } from './asker.ts'

/** Words of an error that another attempt can change. */
const passing = /timed out|try again|temporar|rate limit|too many|unavailable|internal/i
/** Words of an error that is about the key or what it may do. */
const refusing =
  /invalid (api )?key|access denied|upgrade|insufficient|unauthori|forbidden|credits|not allowed|requires/i
/** Statuses of a refusal, and what is said where the engine says nothing. */
const refusals: Readonly<Record<number, string>> = {
  401: 'the key is not accepted',
  402: 'it wants to be paid',
  403: 'access is denied',
  422: 'it does not understand what was asked',
}

/** An engine's words for an error, and what they are worth where its codes tell; else its words decide. */
export type Told = Exclude<Judgement, { readonly kind: 'answer' }>

/**
 * What an answer is worth. What cannot be read as JSON is asked again, whatever its status says.
 * @param errorOf the engine's words where its JSON is an error, else undefined
 * @param secrets parts of the key: an engine's words may repeat what it was asked with
 * @param isKept whether figures of the answer are kept, so that it must not repeat the key
 */
export function judge(
  { status, body }: Pick<HttpAnswer, 'status' | 'body'>,
  errorOf: (json: unknown) => Told | string | undefined,
  secrets: readonly string[],
  isKept = true,
): Judgement {
  const text = body.toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  const found = errorOf(json)
  const [told, worth] = typeof found === 'object' ? ([found.why, found] as const) : [found]
  const error = told === undefined ? undefined : withoutSecrets(told.replaceAll(/\s+/g, ' '), secrets).slice(0, 300)
  if (status >= 300 && status < 400)
    return { kind: 'again', why: `it redirects (status ${status}), which is not followed` }
  if (worth !== undefined && error !== undefined && status < 500) return { ...worth, why: error }
  const refusal = refusals[status]
  if (refusal !== undefined) return { kind: 'refused', why: error ?? `${refusal} (status ${status})` }
  if (status === 429) return { kind: 'again', why: error ?? 'too many requests (status 429)' }
  if (error !== undefined && status < 500 && refusing.test(error) && !passing.test(error))
    return { kind: 'refused', why: error }
  if (error !== undefined) return { kind: 'again', why: error }
  if (status !== 200) return { kind: 'again', why: `status ${status}` }
  if (json === undefined) return { kind: 'again', why: text === '' ? 'an empty answer' : 'an answer that is not JSON' }
  // Figures are kept, and the key must not be among them. A short one may be a word of its own.
  if (isKept && secrets.some((secret) => secret.length >= 8 && waysOf(secret).some((way) => text.includes(way))))
    return { kind: 'again', why: 'an answer that repeats the key' }
  return { kind: 'answer', json, text }
}

/** A text without secrets, however they are written. */
const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret !== '')
    .flatMap(waysOf)
    .reduce((left, written) => left.replaceAll(written, '…'), text)

/** How a secret may be written. */
const waysOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  new URLSearchParams({ secret }).toString().slice('secret='.length),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
]

/** A JSON object; lists are none. */
export const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
/** More than all ports of all IPv4 addresses. What says more counts nothing, and could not be added up either. */
const mostCounted = 2 ** 48
export const isCount = (json: unknown): json is number =>
  Number.isSafeInteger(json) && (json as number) >= 0 && (json as number) <= mostCounted

/** An address under an endpoint that may have a path of its own. */
export function urlOf(endpoint: string, path: string, params: Readonly<Record<string, string>>): URL {
  const url = new URL(endpoint)
  url.pathname = url.pathname.replace(/\/$/, '') + path
  url.search = new URLSearchParams(params).toString()
  return url
}
