import { describe, expect, it } from 'vitest'
import { csvRows } from '../../../src/sources/files/csv-rows.ts'
import { chunks, collect } from './scan-readings.ts'

const rows = (input: string | Uint8Array, maxBytes = 10_000) => collect(csvRows(chunks(input), maxBytes))
const cells = async (input: string | Uint8Array, maxBytes?: number) =>
  (await rows(input, maxBytes)).map((row) => (row.kind === 'row' ? row.cells : `${row.kind} ${row.line}`))

describe('csvRows', () => {
  it('reads quoted line breaks, doubled quotes, BOM, CRLF and blank lines, and keeps line numbers', async () => {
    const found = await rows('\uFEFFa,b\r\n"one\r\ntwo","x""y"\r\n\r\n3,4')
    expect(found.map((row) => row.kind === 'row' && [row.line, row.cells, row.last])).toEqual([
      [1, ['a', 'b'], false],
      [2, ['one\ntwo', 'x"y'], false],
      [5, ['3', '4'], true],
    ])
  })

  it.each([',', ';', '\t'])('finds the separator %j', async (separator) => {
    expect(await cells(['a', 'b', '"c,;d"'].join(separator))).toEqual([['a', 'b', 'c,;d']])
  })

  it('takes a quote within a cell as text', async () => {
    expect(await cells('5" disk,b\n"a"b,c\n')).toEqual([
      ['5" disk', 'b'],
      ['"a"b', 'c'],
    ])
  })

  it('replaces invalid UTF-8 and keeps NULs', async () => {
    expect(await cells(Buffer.from([0x61, 0xff, 0x2c, 0x00, 0x62]))).toEqual([['a\uFFFD', '\0b']])
  })

  it('rejects a giant cell, with or without line breaks, and goes on', async () => {
    expect(await cells(`a,b\n${'x'.repeat(20_000)},1\n1,2\n`)).toEqual([['a', 'b'], 'reject 2', ['1', '2']])
    const quoted = `a,b\n"${'x\n'.repeat(20_000)}",1\n1,2\n`
    const found = await cells(quoted)
    expect(found.slice(0, 2)).toEqual([['a', 'b'], 'reject 2'])
    expect(found.at(-1)).toEqual(['1', '2'])
  })

  it('rejects ten million columns and goes on', async () => {
    expect(await cells(`a,b\n${','.repeat(10_000_000)}\n1,2\n`, 20_000_000)).toEqual([
      ['a', 'b'],
      'reject 2',
      ['1', '2'],
    ])
  })

  it('loses only its own line to a quote that is never closed', async () => {
    expect(await cells('a,b\n"1,2\n3,4\n5,6\n')).toEqual([['a', 'b'], 'cut 2', ['3', '4'], ['5', '6']])
    const long = `a,b\n"1,2\n${'3,4\n'.repeat(5000)}5,6\n`
    const found = await cells(long)
    expect(found.slice(0, 3)).toEqual([['a', 'b'], 'reject 2', ['3', '4']])
    expect(found).toHaveLength(5003)
  })

  it('ends when every one of many lines leaves a quote open', async () => {
    // Time that grew with the square of the lines would be over the test's limit.
    expect((await rows('x",""",\n'.repeat(100_000), 1_000_000)).length).toBeGreaterThan(0)
  })
})
