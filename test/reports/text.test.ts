import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { fit, grouped, printable, table } from '../../src/reports/text.ts'

// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe('printable', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', '?[31mred?[0m'],
    ['\u001b]0;title\u0007', '?]0;title?'],
    ['\u009b2J', '?2J'],
    ['a\rb\nc\td', 'a?b?c?d'],
    ['evil\u202egnp.exe', 'evil?gnp.exe'],
    ['\u2066x\u2069\u200f\u061c', '?x???'],
    ['東京都 Ärger 🦊', '東京都 Ärger 🦊'],
  ])('%j becomes %j', (text, safe) => {
    expect(printable(text)).toBe(safe)
  })
})

describe('fit', () => {
  it('counts East Asian wide characters as two columns', () => {
    expect(fit('神奈川県', 8)).toBe('神奈川県')
    expect(fit('神奈川県', 7)).toBe('神奈川…')
    expect(fit('神奈川県', 6)).toBe('神奈…')
  })

  it('never gives more columns than asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(stringWidth(fit(text, width))).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('ends with much text that takes no room', () => {
    // Time that grew with the square of it would be over the test's limit.
    expect(stringWidth(fit('\u200b\u0301'.repeat(30_000) + 'x'.repeat(100), 20))).toBeLessThanOrEqual(20)
  })
})

describe('table', () => {
  const columns = [
    { title: 'Region', align: 'left' },
    { title: 'Count', align: 'right' },
  ] as const

  it('aligns Japanese names', () => {
    const lines = table(columns, [
      ['Tokyo 東京都', '1,500'],
      ['Kanagawa 神奈川県', '9'],
    ])
    expect(lines).toEqual(['Region             Count', 'Tokyo 東京都       1,500', 'Kanagawa 神奈川県      9'])
    expect(new Set(lines.map((line) => stringWidth(line)))).toEqual(new Set([24]))
  })

  it('holds 80 columns and no control characters, whatever the cells', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }), fc.nat()), {
          maxLength: 6,
        }),
        (cells) => {
          const lines = table(
            [{ title: 'A', align: 'left' }, { title: 'B', align: 'left' }, columns[1]],
            cells.map(([a, b, count]) => [a, b, grouped(count)]),
          )
          expect(lines).toHaveLength(cells.length + 1)
          for (const line of lines) {
            expect(stringWidth(line)).toBeLessThanOrEqual(80)
            expect(line).not.toMatch(unprintable)
          }
        },
      ),
    )
  })

  it('takes room from the widest text, never from numbers', () => {
    const [, line] = table(
      [{ title: 'A', align: 'left' }, { title: 'B', align: 'left' }, columns[1]],
      [['神'.repeat(60), 'b'.repeat(20), '1,234,567']],
    )
    expect(line).toMatch(/^神{23}… {2}b{20} {2}1,234,567$/)
    expect(stringWidth(line ?? '')).toBeLessThanOrEqual(80)
  })

  it('of very many rows is made', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => ['x', String(index)])
    expect(table(columns, rows)).toHaveLength(200_001)
  })
})

describe('grouped', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [127_094_745, '127,094,745'],
  ])('%i is %s', (value, text) => {
    expect(grouped(value)).toBe(text)
  })
})
