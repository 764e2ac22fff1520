import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCount, judge, urlOf } from '../../src/sources/judge.ts'

const errorOf = (json: unknown): string | undefined =>
  typeof json === 'object' && json !== null && 'error' in json ? String(json.error) : undefined
const judged = (status: number, body: unknown, secrets: readonly string[] = []) =>
  judge({ status, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }, errorOf, secrets)

describe('a key is in no words of an engine, however it repeats it', () => {
  test.each([
    'canary0123456789',
    'abc"def\\ghijk',
    "abc'def!ghi(j)k*l",
    'a+b/c=',
    'kurz',
    'with%20percent',
    '>>>>????~~~~',
  ])('%s', (key) => {
    const ways = [
      key,
      JSON.stringify(key),
      encodeURIComponent(key),
      new URLSearchParams({ key }).toString(),
      Buffer.from(key).toString('base64'),
      Buffer.from(key).toString('base64url'),
    ]
    for (const way of ways) {
      const { kind, ...said } = judged(401, { error: `No such key: ${way}.` }, [key])
      expect(kind).toBe('refused')
      const told = 'why' in said ? said.why : ''
      expect(told).toContain('No such key: ')
      const inForm = new URLSearchParams({ key }).toString().slice('key='.length)
      const inBase64 = (['base64', 'base64url'] as const).map((encoding) =>
        Buffer.from(key).toString(encoding).replace(/=+$/, ''),
      )
      for (const each of [key, encodeURIComponent(key), inForm, JSON.stringify(key).slice(1, -1), ...inBase64])
        expect(told).not.toContain(each)
    }
  })

  test('nor in figures', () => {
    const [key] = ['canary0123456789']
    expect(judged(200, { total: 1, facets: { region: [{ value: key, count: 1 }] } }, [key])).toEqual({
      kind: 'again',
      why: 'an answer that repeats the key',
    })
    for (const way of [encodeURIComponent(`${key}/`), Buffer.from(`${key}/`).toString('base64')])
      expect(judged(200, { total: 1, region: way }, [`${key}/`])).toMatchObject({ kind: 'again' })
    // Of what is not kept it may be part.
    const body = Buffer.from(JSON.stringify({ token: key }))
    expect(judge({ status: 200, body }, errorOf, [key], false)).toMatchObject({ kind: 'answer' })
    // What is too short to be a key may be a word of its own.
    expect(judged(200, { total: 1, region: 'Aichi' }, ['Aichi'])).toMatchObject({ kind: 'answer' })
  })
})

test.each([
  [200, 'again', 'again'],
  [403, 'again', 'again'],
  [429, 'refused', 'refused'],
  [200, 'refused', 'refused'],
  // A server that is down knows nothing of keys, and a redirect is not followed.
  [503, 'refused', 'again'],
  [302, 'refused', 'again'],
] as const)('status %d with a code that says %s: %s', (status, kind, expected) => {
  const body = Buffer.from(JSON.stringify({ code: 1 }))
  const judgement = judge({ status, body }, () => ({ kind, why: 'its  words of key-0123456789' }), ['key-0123456789'])
  expect(judgement).toMatchObject({ kind: expected })
  if (status !== 302) expect(judgement).toMatchObject({ why: 'its words of …' })
})

test('whatever comes is judged, in one line', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
      const { kind, ...said } = judged(status, body)
      if (kind === 'answer') expect(status).toBe(200)
      else expect('why' in said ? said.why : '\n').toMatch(/^[^\n\r]{1,400}$/)
    }),
  )
})

test('a count is of something there could be', () => {
  for (const count of [0, 1, 2 ** 32, 2 ** 48]) expect(isCount(count)).toBe(true)
  for (const count of [-1, 0.5, 2 ** 53 - 1, 1e300, Number.NaN, '1', null, undefined])
    expect(isCount(count)).toBe(false)
})

test('an endpoint may have a path of its own', () => {
  expect(urlOf('https://api.example.org/shodan/', '/x', { a: 'b c' }).href).toBe(
    'https://api.example.org/shodan/x?a=b+c',
  )
})
