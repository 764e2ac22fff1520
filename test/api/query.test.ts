import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filters, maxQueryLength, parseQuery, tokensOf } from '../../src/api/query.ts'
import { querySql } from '../../src/api/query-sql.ts'
import type { Words } from '../../src/api/words.ts'

const conditions = (query: string) => {
  const parsed = parseQuery(query)
  expect(parsed.errors).toEqual([])
  return parsed.conditions.map(({ filter, values, isNegated }) => [`${isNegated ? '-' : ''}${filter}`, ...values])
}

describe('a query', () => {
  test.each<[string, string[][]]>([
    ['Postfix', [['text', 'Postfix']]],
    [
      'apache country:JP',
      [
        ['text', 'apache'],
        ['country', 'JP'],
      ],
    ],
    ['"Server: nginx"', [['text', 'Server: nginx']]],
    ['port:22,80', [['port', '22', '80']]],
    ['port:"22,80"', [['port', '22', '80']]],
    ['port:"22",80', [['port', '22', '80']]],
    ['PORT:25', [['port', '25']]],
    ['city:"San Diego,Austin"', [['city', 'San Diego', 'Austin', 'San Diego,Austin']]],
    ['org:"Example, Inc."', [['org', 'Example', 'Inc.', 'Example, Inc.']]],
    ['country:jp,,us', [['country', 'jp', 'us']]],
    [
      '-region:"13" -Postfix -"a b"',
      [
        ['-region', '13'],
        ['-text', 'Postfix'],
        ['-text', 'a b'],
      ],
    ],
    ['shodan.module:smtp,smtps', [['shodan.module', 'smtp', 'smtps']]],
    [
      '220-host - 12:30',
      [
        ['text', '220-host'],
        ['text', '-'],
        ['text', '12:30'],
      ],
    ],
    ['asn:AS64496,64497', [['asn', 'AS64496', '64497']]],
    ['net:192.0.2.0/24,2001:db8::/32', [['net', '192.0.2.0/24', '2001:db8::/32']]],
    ['\t 東京  \n', [['text', '東京']]],
  ])('%j', (query, expected) => {
    expect(conditions(query)).toEqual(expected)
  })

  test.each([
    ['', /Empty/],
    ['  \n', /Empty/],
    ['"abc', /not closed/],
    ['product:"abc', /not closed/],
    ['ab"c', /not closed/],
    ['""', /Empty quotation/],
    ['-""', /Empty quotation/],
    ['colour:red', /no filter "colour"/],
    ['http://x', /no filter "http"/],
    ['__proto__:1 constructor:1', /no filter|^$/],
    ['country:', /"country" has no value/],
    ['country:,', /"country" has no value/],
    ['port:""', /"port" has no value/],
    ['port:abc', /"abc" is no value for the filter "port"/],
    ['port:65536', /no value/],
    ['port:-1', /no value/],
    ['port:1e3', /no value/],
    ['asn:ASX', /no value/],
    ['asn:4294967296', /no value/],
    ['net:192.0.2.0/33', /no value/],
    ['net:192.0.2', /no value/],
    ['ip:192.0.2.0/24', /no value/],
    ['has_screenshot:maybe', /no value/],
    ['a\0b', /NUL/],
    ['x'.repeat(maxQueryLength + 1), /longer than/],
  ])('%j is told to be wrong', (query, message) => {
    const { errors } = parseQuery(query)
    expect(errors.length).toBeGreaterThan(0)
    expect(errors[0]).toMatch(message)
  })

  test('as tokens', () => {
    expect(tokensOf(parseQuery('Raspbian port:22 -country:JP "two words"'))).toEqual({
      attributes: { ports: [22], '-country': ['JP'] },
      errors: [],
      string: 'Raspbian "two words"',
      filters: ['port', 'country'],
    })
    expect(tokensOf(parseQuery('colour:red')).errors).toHaveLength(1)
  })
})

const piece = fc.oneof(
  fc.constantFrom(...filters.map((filter) => `${filter}:`)),
  fc.constantFrom('"', '""', "'", ' ', ',', '-', ':', '\\', ';', '--', '/*', '\0', '%', "');DROP TABLE x;--", '\ud800'),
  fc.constantFrom('JP', '13', 'AS1', '192.0.2.0/24', '::/0', 'true', '東京', '\u00a0', '\u2028', '__proto__'),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const query = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(piece).map((pieces) => pieces.join('')),
)

const words: Words = {
  country: (text) => (text.length === 2 ? text.toUpperCase() : undefined),
  countryName: () => undefined,
  regions: (text) => [text],
  service: (module) => module,
  module: (service) => service,
  location: () => ({ country_code: null, region_code: null, city: null, latitude: null, longitude: null }),
  protocols: {},
}

describe('whatever is asked', () => {
  test('is read, or told to be wrong in one line', () => {
    fc.assert(
      fc.property(query, (text) => {
        const parsed = parseQuery(text)
        expect(parsed.errors.length > 0 || parsed.conditions.length > 0).toBe(true)
        for (const error of parsed.errors) expect(error.length).toBeLessThan(300)
        for (const { values } of parsed.conditions) expect(values.every((value) => value !== '')).toBe(true)
        expect(tokensOf(parsed).errors).toBe(parsed.errors)
      }),
      { numRuns: 2000 },
    )
  })

  test('stands in SQL as literals and as nothing else', () => {
    fc.assert(
      fc.property(query, (text) => {
        const { conditions: read, errors } = parseQuery(text)
        if (errors.length > 0) return
        const sql = querySql(read, 'observations', words)
        // Without its literals, a statement is made of our words alone, and its brackets close.
        const bare = sql.replaceAll(/'(?:[^']|'')*'/g, '?')
        expect(bare).toMatch(/^[\w\s().,=<>?:]*$/)
        let depth = 0
        for (const [bracket] of bare.matchAll(/[()]/g)) {
          depth += bracket === '(' ? 1 : -1
          expect(depth).toBeGreaterThanOrEqual(0)
        }
        expect(depth).toBe(0)
        for (const [word] of bare.matchAll(/[A-Za-z_]\w*/g)) expect(vocabulary).toContain(word)
      }),
      { numRuns: 2000 },
    )
  })

  test('what the census knows is not asked of the observations', () => {
    const sqlOf = (text: string): string => querySql(parseQuery(text).conditions, 'observations', words)
    for (const filter of filters.filter((each) => !['city', 'hostname', 'os'].includes(each))) {
      const value = { ip: '192.0.2.1', net: '192.0.2.0/24', asn: '1', port: '1', has_screenshot: '0' }[filter as string]
      expect(sqlOf(`${filter}:${value ?? 'x'}`), filter).not.toContain('observations')
    }
    expect(sqlOf('x')).toContain('observations')
  })
})

const vocabulary =
  'NOT OR AND EXISTS SELECT FROM WHERE IN BETWEEN UUID true false lower coalesce contains observations c o address digest country region port asn service banner hostnames city os organisation device_type product version 1'.split(
    ' ',
  )
