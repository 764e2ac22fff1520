import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Question } from '../../../src/model/engine.ts'
import { errorOf, keyOfLine, readAccount, readPage } from '../../../src/sources/onyphe/answers.ts'

/** In the shape of the documentation, with figures of our own. */
const record = (rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  '@category': 'datascan',
  '@timestamp': '2026-05-31T01:02:03.000Z',
  ip: '192.0.2.1',
  port: 123,
  transport: 'udp',
  protocol: 'ntp',
  country: 'JP',
  ...rest,
})
const page = (results: unknown, rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  count: 1,
  error: 0,
  max_page: 1,
  page: '1',
  page_size: 100,
  results,
  status: 'ok',
  total: 1,
  ...rest,
})
const ntp: Question = { country: 'JP', modules: ['ntp'] }
const read = (json: unknown, question = ntp) => readPage(json, JSON.stringify(json) ?? '', question)

describe('a page', () => {
  it('keeps records as they came', () => {
    const text = JSON.stringify(page([record({ serial: 1 })])).replace('"serial":1', '"serial":123456789012345678901')
    const found = readPage(JSON.parse(text), text, ntp)
    expect(found?.odd).toBeUndefined()
    expect(found?.total).toBe(1)
    const [row] = found?.rows ?? []
    expect(row?.line).toContain('123456789012345678901')
    expect(row?.key).toBe(JSON.stringify(['192.0.2.1', '123', 'udp', '2026-05-31T01:02:03.000Z']))
    expect(keyOfLine(row?.line ?? '')).toBe(row?.key)
  })

  it('may be empty, and say its size as text', () => {
    expect(read(page([], { total: 0, page_size: '100' }))).toEqual({ total: 0, rows: [] })
  })

  it('tells records apart by all they say where they say too little', () => {
    const [one, other] = [record({ port: null, data: 'a' }), record({ port: null, data: 'b' })]
    const keys = read(page([one, other], { total: 2 }))?.rows.map(({ key }) => key)
    expect(new Set(keys).size).toBe(2)
  })

  test.each([
    ['another protocol', record({ protocol: 'ssh' }), 'protocol "ssh"'],
    ['no protocol', record({ protocol: undefined }), 'protocol none'],
    ['another country', record({ country: 'KR' }), 'country "KR"'],
    ['no country', record({ country: null }), 'country null'],
  ])('of %s was not asked for', (_, strange, why) => {
    expect(read(page([record(), strange], { total: 2 }))?.odd).toBe(`records that were not asked for (${why})`)
  })

  test.each([
    ['https', { protocol: 'http', tls: 'true' }, undefined],
    ['https', { protocol: 'http' }, 'tls none'],
    ['http', { protocol: 'http' }, undefined],
    ['http', { protocol: 'http', tls: 'false' }, undefined],
    ['http', { protocol: 'http', tls: 'true' }, 'tls "true"'],
    ['http', { protocol: 'https' }, 'protocol "https"'],
  ])('of %s: %j', (service, rest, why) => {
    const odd = read(page([record(rest)]), { country: 'JP', modules: [service] })?.odd
    expect(odd).toBe(why === undefined ? undefined : `records that were not asked for (${why})`)
  })

  test.each([
    ['null', null],
    ['a list', []],
    ['no results', page(undefined)],
    ['results that are no list', page({})],
    ['results that are no records', page(['x'])],
    ['no total', page([], { total: undefined })],
    ['a total of text', page([], { total: '1' })],
    ['half a record', page([], { total: 0.5 })],
    ['a total below 0', page([], { total: -1 })],
    ['too large a total', page([], { total: 2 ** 53 })],
    [
      'more records than a page has',
      page(
        Array.from({ length: 101 }, () => record()),
        { total: 101 },
      ),
    ],
  ])('with %s is none', (_, json) => expect(read(json)).toBeUndefined())

  it('whose list stands there twice is none', () => {
    const text = `{"error":0,"page_size":100,"total":1,"results":[${JSON.stringify(record())}, {}],"results":[{}]}`
    expect(readPage(JSON.parse(text), text, ntp)).toBeUndefined()
  })

  it('of any JSON throws nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (json, results, total) => {
        read(json)
        errorOf(json)
        readAccount(json)
        readAccount({ results: [json] })
        const found = read(page(results, { total }))
        if (found !== undefined) expect(Number.isSafeInteger(found.total)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

test('errors are told in the engine’s words', () => {
  expect(errorOf(page([]))).toBeUndefined()
  expect(errorOf({ error: 3, status: 'nok', text: 'Invalid API key format' })).toBe('Invalid API key format')
  expect(errorOf({ error: 3 })).toBe('error 3')
  expect(errorOf({ error: 0, status: 'nok', text: 'Rate limit' })).toBe('Rate limit')
})

test('an account tells what is left', () => {
  expect(readAccount({ results: [{ view: 'Eagle View', credits: 5 }] })).toEqual({ plan: 'Eagle View', credits: 5 })
  expect(readAccount({ results: [{ credits: 5 }] })).toEqual({ plan: 'unknown', credits: 5 })
  for (const credits of [undefined, -1, 'x', null, 1.5]) expect(readAccount({ results: [{ credits }] })).toBeUndefined()
  for (const json of [null, {}, { results: [] }, { results: {} }]) expect(readAccount(json)).toBeUndefined()
})
