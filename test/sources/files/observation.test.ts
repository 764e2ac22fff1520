import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at, number, observation, text, time, words } from '../../../src/sources/files/observation.ts'

const seen = { ip: '192.0.2.1', port: 80 }

describe('text', () => {
  test.each([
    ['a ', 'a '],
    ['', undefined],
    [' \t\r\n\v\f', undefined],
    ['\u00a0', '\u00a0'],
    ['\0', '\0'],
    [5, '5'],
    [1e2, '100'],
    [-0, '0'],
    [true, 'true'],
    [10n, '10'],
    [null, undefined],
    [['a'], undefined],
    [{}, undefined],
    ['\ud800', '\ufffd'],
    ['a'.repeat(70_000), 'a'.repeat(65_536)],
    [`${'a'.repeat(65_535)}😀`, `${'a'.repeat(65_535)}\ufffd`],
  ])('%#', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  test('words are joined, what is no text is left out, and the end is well formed', () => {
    expect(words(['a', '', null, 5, { a: 1 }, 'b c'])).toBe('a 5 b c')
    expect(words([])).toBeUndefined()
    expect(words('a')).toBe('a')
    const long = words(['a'.repeat(65_530), 'bbbb😀'])
    expect(long).toBe(`${'a'.repeat(65_530)} bbbb\ufffd`)
    expect(JSON.stringify(long)).not.toContain('\\ud')
  })
})

test.each([
  ['1.5', 1.5],
  [' 7 ', 7],
  ['1e3', 1000],
  ['+1.', 1],
  ['', undefined],
  ['0x10', undefined],
  ['1e999', undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [true, undefined],
  [['1'], undefined],
])('number of %j', (value, expected) => {
  expect(number(value)).toBe(expected)
})

test.each([
  ['AS64496', 64_496],
  ['as 64496', 64_496],
  [64_496, 64_496],
  ['4294967295', 4_294_967_295],
  [4_294_967_296, undefined],
  [0, undefined],
  ['AS', undefined],
  [1.5, undefined],
])('autonomous system number of %j', (value, expected) => {
  const reading = observation('csv', 1, { ...seen, asn: value })
  expect(reading).toHaveProperty('observation')
  expect(reading.kind === 'record' ? reading.observation.asn : 'none').toBe(expected)
})

describe('time', () => {
  test.each([
    ['2024-05-01T22:57:45.950793', '2024-05-01T22:57:45.950793Z'],
    ['2024-05-01T22:57:45.9507939Z', '2024-05-01T22:57:45.950793Z'],
    ['2024-05-01 22:57:45', '2024-05-01T22:57:45.000000Z'],
    ['2024-05-01T00:30:00+09:00', '2024-04-30T15:30:00.000000Z'],
    ['2024-05-01T00:30:00.25-0530', '2024-05-01T06:00:00.250000Z'],
    ['2024-05-01', '2024-05-01T00:00:00.000000Z'],
    [1_714_521_600, '2024-05-01T00:00:00.000000Z'],
    ['1714521600123', '2024-05-01T00:00:00.123000Z'],
    ['', undefined],
    [null, undefined],
    ['2023-02-29', 'bad'],
    ['2024-13-01', 'bad'],
    ['1969-12-31', 'bad'],
    ['2200-01-01', 'bad'],
    ['yesterday', 'bad'],
    [-1, 'bad'],
    [1e300, 'bad'],
  ])('%j', (value, expected) => {
    expect(time(value)).toBe(expected)
  })

  test('any instant from 1970 to 2199 comes back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) - 1 }), (milliseconds) => {
        const iso = new Date(milliseconds).toISOString()
        expect(time(iso)).toBe(iso.replace('Z', '000Z'))
      }),
    )
  })
})

test('own properties alone are looked at', () => {
  const hostile: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"b": 2}}')
  expect(at(hostile, '__proto__', 'polluted')).toBe(1)
  expect(at({}, '__proto__')).toBeUndefined()
  expect(at({}, 'toString')).toBeUndefined()
  expect(at(hostile, 'a', 'b', 'c')).toBeUndefined()
  expect(at('text', 'length')).toBeUndefined()
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

describe('an observation', () => {
  test.each([
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    [' 192.0.2.1 ', '192.0.2.1'],
  ])('has one spelling of its address: %s', (ip, expected) => {
    expect(observation('csv', 1, { ...seen, ip })).toMatchObject({ observation: { ip: expected } })
  })

  test.each([
    [{ ip: undefined }, 'no-address'],
    [{ ip: ' ' }, 'no-address'],
    [{ ip: '192.0.2.01' }, 'bad-address'],
    [{ ip: '192.0.2.0/24' }, 'bad-address'],
    [{ ip: 'fe80::1%eth0' }, 'bad-address'],
    [{ port: undefined }, 'bad-port'],
    [{ port: 65_536 }, 'bad-port'],
    [{ port: 1.5 }, 'bad-port'],
    [{ port: -1 }, 'bad-port'],
    [{ observedAt: 'x' }, 'bad-time'],
  ])('%j is rejected', (change, reason) => {
    expect(observation('csv', 7, { ...seen, ...change }, 'excerpt')).toMatchObject({
      kind: 'reject',
      line: 7,
      reason,
      text: 'excerpt',
    })
  })

  test('half a pair of coordinates, or one off the globe, is none', () => {
    for (const place of [
      { latitude: 1 },
      { longitude: 1 },
      { latitude: 91, longitude: 1 },
      { latitude: 1, longitude: -181 },
    ]) {
      expect(observation('csv', 1, { ...seen, ...place })).toEqual({
        kind: 'record',
        line: 1,
        observation: { source: 'csv', ip: '192.0.2.1', port: 80, transport: 'tcp', outcome: 'answered' },
      })
    }
  })

  test('anything at all gives a record or a reject, and never empty or broken text', () => {
    const names = [
      'ip',
      'port',
      'transport',
      'observedAt',
      'module',
      'product',
      'banner',
      'cpe',
      'latitude',
      'longitude',
      'asn',
      'tags',
    ]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.anything()), (foreign) => {
        const reading = observation('csv', 1, { ...seen, ...foreign })
        if (reading.kind !== 'record') return
        for (const value of Object.values(reading.observation)) {
          expect(value).not.toBe('')
          if (typeof value === 'string') expect(value.isWellFormed()).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
