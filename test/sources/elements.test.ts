import fc from 'fast-check'
import { expect, test } from 'vitest'
import { elementTexts } from '../../src/sources/elements.ts'
import { readPage } from '../../src/sources/shodan/pages.ts'

const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()))
const around = fc.dictionary(
  fc.string().filter((key) => key !== 'matches'),
  fc.jsonValue(),
)

test('elements of any list in any JSON are cut out as they stand', () => {
  fc.assert(
    fc.property(around, objects, around, fc.constantFrom(undefined, 1, '\r\n\t'), (before, list, after, indent) => {
      // Not an object's: `__proto__` and numbers have an order of their own there.
      const entries = [...Object.entries(before), ['matches', list] as const, ...Object.entries(after)]
      const members = entries.map(
        ([key, value]) => `${JSON.stringify(key)} :${JSON.stringify(value, undefined, indent)}`,
      )
      const text = `{${members.join(',\n')}}`
      const found = elementTexts(text, 'matches')
      expect(found.map((each) => JSON.parse(each) as unknown)).toEqual(JSON.parse(JSON.stringify(list)))
      expect(found.join('')).not.toMatch(/[\n\r]/)
      const oneLine = `{"total":1,"matches":${JSON.stringify(list)}}`
      expect(elementTexts(oneLine, 'matches')).toEqual(list.map((each) => JSON.stringify(each)))
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) },
  )
})

test.each([
  ['no list', '{"matches":{"a":[{}]}}'],
  ['a list further inside', '{"a":{"matches":[{}]}}'],
  ['a value of that name', '{"a":"matches","b":[{}]}'],
  ['a list at the top', '[{"matches":[{}]}]'],
])('of %s there are none', (_, text) => {
  expect(elementTexts(text, 'matches')).toEqual([])
})

test('a number no double can hold stays what it is', () => {
  const banner = '{"ip_str":"198.18.0.1","port":443,"timestamp":"2026-01-01T00:00:00","serial":12345678901234567890123}'
  const text = `{"total": 1, "matches": [${banner}]}`
  expect(readPage(JSON.parse(text), text)?.rows.map(({ line }) => line)).toEqual([banner])
})

test('a page whose list stands there twice is none', () => {
  const text = '{"total": 1, "matches": [], "matches": [{"port": 1}]}'
  expect(readPage(JSON.parse(text), text)).toBe(undefined)
})
