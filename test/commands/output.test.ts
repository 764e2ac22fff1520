import { describe, expect, it } from 'vitest'
import { printResult, progressLine } from '../../src/commands/output.ts'
import { globals, recorded } from '../helpers/cli.ts'

const progress = {
  file: 'a\u001b[2Jb',
  records: 12_345,
  isReckoned: false,
  bytesRead: 5e6,
  bytesTotal: 2e7,
} as const

describe('the progress line', () => {
  it('tells records, MB/s and time left on a terminal, without escape codes', () => {
    const console = recorded(true)
    let now = 0
    const line = progressLine(console, globals(''), () => now)
    now = 1000
    line.show(progress)
    expect(console.stderr()).toMatch(/^\r12,345 records, 5\.0 MB\/s, 3 s left {2}a\?\[2Jb +$/)
    line.clear()
    expect(console.stderr()).not.toContain('\u001b')
    expect(console.stderr()).toMatch(/\r +\r$/)
    expect(console.stdout()).toBe('')
  })

  it('gives no time left when the size is not known, and says when counting', () => {
    const console = recorded(true)
    let now = 0
    const line = progressLine(console, globals(''), () => now)
    now = 1000
    line.show({ ...progress, bytesTotal: undefined })
    // Bytes of a beginning of which no record is done say nothing of the rest.
    line.show({ ...progress, records: 0 })
    expect(console.stderr()).not.toContain('left')
    line.show({ ...progress, isReckoned: true })
    expect(console.stderr()).toMatch(/\rabout 12,345 records, /)
    line.count(12_345)
    expect(console.stderr()).toContain('counting 12,345 records')
  })

  it('is not there without a terminal, with --no-progress or --quiet', () => {
    for (const [terminal, options] of [
      [false, {}],
      [true, { progress: false }],
      [true, { quiet: true }],
    ] as const) {
      const console = recorded(terminal)
      const line = progressLine(console, globals('', options))
      line.show(progress)
      line.count(1)
      line.clear()
      expect(console.stderr()).toBe('')
    }
  })
})

describe('printResult', () => {
  it('prints lines, or one JSON document, or nothing; never control characters', () => {
    const print = (options = {}): string => {
      const console = recorded()
      printResult(console, globals('', options), ['a\u001b[31m', 'b'], { a: 1 })
      return console.stdout()
    }
    expect(print()).toBe('a?[31m\nb\n')
    expect(JSON.parse(print({ json: true }))).toEqual({ a: 1 })
    expect(print({ quiet: true })).toBe('')
  })
})
