import { afterEach, describe, expect, it, vi } from 'vitest'
import { excelCsv } from '../../src/config/settings.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('CSV for Excel', () => {
  it.each([
    ['', '', '', ','],
    ['', '', 'C.UTF-8', ','],
    ['', '', 'POSIX', ','],
    ['', '', 'not a locale', ','],
    ['', '', 'ja_JP.UTF-8', ','],
    ['', '', 'de_DE.UTF-8', ';'],
    ['', '', 'de_DE@euro', ';'],
    ['', 'de_CH.UTF-8', 'de_DE.UTF-8', ','],
    ['fr_FR', 'en_US', 'en_US', ';'],
  ])('of LC_ALL=%j LC_NUMERIC=%j LANG=%j has %j', (all, numeric, lang, delimiter) => {
    vi.stubEnv('LC_ALL', all)
    vi.stubEnv('LC_NUMERIC', numeric)
    vi.stubEnv('LANG', lang)
    expect(excelCsv()).toEqual({ delimiter, decimalMark: delimiter === ';' ? ',' : '.', hasMark: true })
  })
})
