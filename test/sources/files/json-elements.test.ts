import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonItem } from '../../../src/sources/files/json-items.ts'
import { jsonSample } from '../../../src/sources/files/json-elements.ts'
import { JsonSplitter } from '../../../src/sources/files/json-splitter.ts'
import { headOf } from './json-fixtures.ts'

const lists = ['matches', 'result.hits']

function split(input: string | Buffer, chunkBytes = 1_000_000, maxBytes = 1_000_000): JsonItem[] {
  const bytes = Buffer.from(input)
  const splitter = new JsonSplitter(maxBytes, lists)
  const items: JsonItem[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes)
    items.push(...splitter.push(bytes.subarray(at, at + chunkBytes)))
  return [...items, ...splitter.end()]
}

/** `line value` of elements, `line reason` of rejects, `cut`, `{envelope}`. */
const shown = (items: readonly JsonItem[]): string[] =>
  items.map((item) => {
    if (item.kind === 'element') return `${item.line} ${JSON.stringify(item.value)}`
    if (item.kind === 'envelope') return `${item.whole ? 'after' : 'before'} ${JSON.stringify(item.value)}`
    return item.kind === 'reject' ? `${item.line} ${item.reason}` : `${item.line} cut`
  })

describe('the shapes an input comes in', () => {
  test.each([
    ['NDJSON with BOM, CRLF and blank lines', '\uFEFF{"a":1}\r\n\r\n{"b":2}', ['1 {"a":1}', '3 {"b":2}']],
    ['documents one after the other', '{"a":1}{"b":[2]} {"c":3}', ['1 {"a":1}', '1 {"b":[2]}', '1 {"c":3}']],
    ['an indented document', '{\n  "a": {\n    "b": 1\n  }\n}\n', ['1 {"a":{"b":1}}']],
    ['an array', '[{"a":1},\n "x", 3, null,\n[4]\n]', ['1 {"a":1}', '2 "x"', '2 3', '2 null', '3 [4]']],
    ['an array with commas on lines of their own', '[\n{"a":1}\n,\n{"b":2}\n]\n', ['2 {"a":1}', '4 {"b":2}']],
    [
      'a listed array with members around it',
      '{"n":1,"matches":[{"a":1},\n{"a":2}],"x":{"y":[1]}}',
      ['before {"n":1,"matches":null}', '1 {"a":1}', '2 {"a":2}', 'after {"n":1,"matches":null,"x":{"y":[1]}}'],
    ],
    [
      'a listed array two levels deep, page after page',
      '{"result":{"hits":[{"a":1}]}}\n{"result":{"hits":[]}}',
      [
        'before {"result":{"hits":null}}',
        '1 {"a":1}',
        'after {"result":{"hits":null}}',
        'before {"result":{"hits":null}}',
        'after {"result":{"hits":null}}',
      ],
    ],
    ['a key that is listed elsewhere', '{"x":{"matches":[1]},"hits":[2]}', ['1 {"x":{"matches":[1]},"hits":[2]}']],
    ['nothing', '', []],
    ['white space', ' \r\n\n', []],
    ['a lone number', '0.0', ['1 0']],
    ['__proto__', '{"__proto__":{"a":1}}', ['1 {"__proto__":{"a":1}}']],
  ])('%s', (_, input, expected) => {
    expect(shown(split(input))).toEqual(expected)
    expect(shown(split(input, 1))).toEqual(expected)
  })
})

describe('broken input', () => {
  test.each([
    ['words', 'hello world\n{"a":1}\nbye', ['1 not-json', '2 {"a":1}', '3 not-json']],
    ['a line that stops in an object', '{"a":\nnot json\n{"b":1}\n', ['1 not-json', '2 not-json', '3 {"b":1}']],
    ['a line that stops in a string', '{"a":"x\n{"b":1}\n', ['1 not-json', '2 {"b":1}']],
    ['a line that swallows the next', '{"a":[1,\n{"b":1}\n{"c":1}\n', ['1 not-json', '2 {"b":1}', '3 {"c":1}']],
    ['the same before the end', '{"a":[1,\n{"b":1}\n', ['1 not-json', '2 {"b":1}']],
    ['an array with a broken member', '[{"a":1},{"b":},{"c":1}]', ['1 {"a":1}', '1 not-json', '1 {"c":1}']],
    ['an array with a broken line', '[\n{"a":1},\n{"b",\n{"c":1}\n]', ['2 {"a":1}', '3 not-json', '4 {"c":1}']],
    ['an indented document', '{\n "a": x,\n "b": {\n }\n}\n{"c":1}', ['1 not-json', '6 {"c":1}']],
    [
      'an envelope',
      '{"matches":[{"a":1}], oops}\n{"b":1}',
      ['before {"matches":null}', '1 {"a":1}', '1 not-json', '2 {"b":1}'],
    ],
    ['a stray bracket', '[1}\n{"a":1}', ['1 1', '1 not-json', '2 {"a":1}']],
    ['a wrong number', '{"a":01}\n{"b":1}', ['1 not-json', '2 {"b":1}']],
    ['NULs', '\0\0\n{"a":1}', ['1 not-json', '2 {"a":1}']],
    ['cut in an element', '{"a":1}\n{"b":', ['1 {"a":1}', '2 cut']],
    ['cut in a list', '[{"a":1},\n', ['1 {"a":1}', '2 cut']],
    ['cut in a document', '{\n  "a": [\n    {\n', ['1 cut']],
  ])('%s', (_, input, expected) => {
    expect(shown(split(input))).toEqual(expected)
    expect(shown(split(input, 1))).toEqual(expected)
  })

  test('bytes that are not UTF-8 become U+FFFD and lose nothing', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('z"}\n')])
    expect(shown(split(bytes))).toEqual(['1 {"a":"\uFFFD\uFFFDz"}'])
  })

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('100,000 levels of %s, closed or not, are a reject and the next line is read', (_, open, close) => {
    for (const line of [open.repeat(100_000), `${open.repeat(100_000)}1${close.repeat(100_000)}`]) {
      const items = split(`${line}\n{"b":1}\n`)
      expect(shown(items).slice(0, 1)).toEqual(['1 not-json'])
      expect(items[0]).toMatchObject({ detail: 'nested deeper than 200 levels' })
      expect(shown(items).at(-1)).toBe('2 {"b":1}')
    }
  })

  test('an element over the limit is skipped, whole or broken, and only an excerpt of it is held', () => {
    const long = `{"a":"${'x'.repeat(5000)}"}`
    expect(shown(split(`${long}\n{"b":1}\n`, 64, 1000))).toEqual(['1 line-too-long', '2 {"b":1}'])
    expect(shown(split(`[${long},{"b":1}]`, 64, 1000))).toEqual(['1 line-too-long', '1 {"b":1}'])
    expect(shown(split(`${long.slice(0, -2)}\n{"b":1}\n`, 64, 1000))).toEqual(['1 line-too-long', '2 {"b":1}'])
    expect(shown(split(`${'x'.repeat(5000)}\n{"b":1}\n`, 64, 1000))).toEqual(['1 line-too-long', '2 {"b":1}'])
    const [reject] = split(long, 64, 1000)
    expect(reject).toMatchObject({ text: long.slice(0, 1000) })
  })

  test('an endless element is not held', () => {
    const splitter = new JsonSplitter(10_000, lists)
    splitter.push(Buffer.from('{"a":"'))
    const chunk = Buffer.alloc(65_536, 0x78)
    for (let index = 0; index < 2000; index++) expect(splitter.push(chunk)).toEqual([])
    expect(splitter.unfinished().length).toBeLessThanOrEqual(1000)
    expect(shown(splitter.end())).toEqual(['1 cut'])
  })
})

describe('for any input', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\n',
      ' ',
      '1',
      'null',
      '{"a":1}',
      '{"matches":[',
      '\uFEFF',
      'é',
    ),
    { maxLength: 60 },
  )

  test('chunking changes nothing', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 5, max: 60 }), (parts, chunk, max) => {
        expect(split(parts.join(''), chunk, max)).toEqual(split(parts.join(''), 1_000_000, max))
      }),
      { numRuns: 2000 },
    )
  })

  test('NDJSON of valid values is read as it is, whatever stands between', () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.constantFrom('\n', '\r\n', '\n\n', '\ngarbage\n'))), (lines) => {
        const elements = split(lines.map(([one, end]) => JSON.stringify(one) + end).join('')).filter(
          (item) => item.kind === 'element',
        )
        const listed = lines.filter(([one]) => Array.isArray(one['matches']))
        fc.pre(listed.length === 0)
        expect(elements.map((item) => JSON.stringify(item.value))).toEqual(
          lines.map(([one]) => JSON.stringify(JSON.parse(JSON.stringify(one)))),
        )
      }),
    )
  })
})

test('a sample of a head that ends anywhere shows the first element as far as it goes', () => {
  const document = '{"total":2,"matches":[{"ip":"192.0.2.1","x":[1,{"y":"\\u00e9z"}],"port":80}, {"ip":"192.0.2.2"}]}'
  for (let end = document.indexOf('"port"'); end < document.length; end++) {
    expect(jsonSample(headOf(document, end), lists).elements[0]).toMatchObject({ ip: '192.0.2.1' })
  }
  for (let end = 0; end < document.length; end++) jsonSample(headOf(document, end), lists)
  expect(jsonSample(headOf('{"data":"aaaa\\u00', 100), lists).elements).toEqual([{ data: 'aaaa' }])
})
