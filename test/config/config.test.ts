import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { CensusError } from '../../src/model/errors.ts'
import { withFolder } from '../helpers/census.ts'

const sound = 'inputs:\n  - file: a.ndjson\nreport:\n  out: report\n'

const surveyed = (fields: string): string => `country: JP\nsurvey: { ${fields} }\nreport: { out: r }\n`

/** The error of reading that text as a configuration. */
const faultOf = (text: string | Uint8Array): Promise<CensusError> =>
  withFolder(async (folder) => {
    const path = join(folder, 'census.yaml')
    await writeFile(path, text)
    const error: unknown = await readConfig(path).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof CensusError)) throw new Error(`no CensusError but ${String(error)}`)
    expect(error.message.startsWith(path)).toBe(true)
    return error
  })

describe('readConfig', () => {
  it('reads paths relative to the file, and keeps - and absolute ones', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'census.yaml')
      await writeFile(
        path,
        'store: ../store\ninputs:\n  - file: in/a.ndjson\n    format: csv\n    columns: { ip: addr }\n  - file: "-"\n  - file: /b\n' +
          'country: NO\nservices: [mail]\nregions: [東京]\npopulation_year: 2015\nregion_tables: tables\nobserved_at: 2016-05-01\nreport: { out: out, by: [region], per: 1000 }\n',
      )
      expect(await readConfig(path)).toEqual({
        store: join(folder, '../store'),
        inputs: [
          { file: join(folder, 'in/a.ndjson'), format: 'csv', columns: { ip: 'addr' } },
          { file: '-', format: 'auto' },
          { file: '/b', format: 'auto' },
        ],
        country: 'NO',
        services: ['mail'],
        regions: ['東京'],
        population_year: 2015,
        region_tables: join(folder, 'tables'),
        observed_at: '2016-05-01',
        report: { out: join(folder, 'out'), by: ['region'], per: 1000 },
      })
    })
  })

  it.each([
    ['an unknown key', `${sound}colour: red\n`, 'line 5, field colour: there is no such field'],
    ['an unknown key deeper', `${sound}  paper: A4\n`, 'line 5, field report.paper: there is no such field'],
    [
      'an unknown key in a list',
      'inputs:\n  - file: a\n    fromat: csv\nreport: { out: r }\n',
      'line 3, field inputs.0.fromat',
    ],
    ['__proto__', `${sound}__proto__: { polluted: true }\n`, 'field __proto__'],
    ['a wrong type', `${sound}population_year: soon\n`, 'line 5, field population_year: '],
    [
      'a wrong value',
      `inputs:\n  - file: a\n    format: xml\n${sound.slice(sound.indexOf('report'))}`,
      'line 3, field inputs.0.format: ',
    ],
    ['a history of one', `${sound}  history: 1\n`, 'line 5, field report.history: '],
    ['a number for a name', `${sound}id: 2016\n`, 'line 5, field id: '],
    ['no report', 'inputs:\n  - file: a\n', 'line 1, field report: '],
    ['no out', 'inputs:\n  - file: a\nreport:\n  by: [region]\n', 'line 4, field report.out: '],
    ['no inputs', 'inputs: []\nreport: { out: r }\n', 'line 1, field inputs: '],
    [
      'an unknown field of an observation',
      'inputs:\n  - file: a\n    columns: { adress: x }\nreport: { out: r }\n',
      'line 3, field inputs.0.columns',
    ],
    ['a key twice', `${sound}id: a\nid: b\n`, 'line 6: '],
    ['YAML that is none', 'inputs: [a\nreport: }', 'line 2: '],
    ['a tab', 'inputs:\n\t- file: a\n', 'line 2: '],
    ['two documents', `${sound}---\n${sound}`, 'line 5: '],
    ['a list', '- a\n', 'line 1: '],
    ['a text', 'hello', 'line 1: '],
    ['nothing', '', ': '],
  ])('refuses %s, saying where', async (_, text, where) => {
    const error = await faultOf(text)
    expect(error.exit).toBe(2)
    expect(error.message).toContain(where)
    expect(error.hint).toBeTruthy()
  })

  it('reads a survey of one engine as one of a list, with what is the case when nothing is said', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'census.yaml')
      await writeFile(path, 'country: JP\nsurvey: { by: [product], key_file: keys/a }\nreport: { out: r }\n')
      expect(await readConfig(path)).toEqual({
        country: 'JP',
        survey: {
          records: false,
          by: ['product'],
          sources: [{ source: 'shodan', max_credits: 0, experimental: false, key_file: join(folder, 'keys/a') }],
        },
        report: { out: join(folder, 'r') },
      })
    })
  })

  it('reads a survey of several engines, each with its own settings', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'census.yaml')
      await writeFile(
        path,
        'country: JP\nsurvey:\n  sources:\n    - key_file: /a\n      rate: 2\n    - source: censys\n      experimental: true\n' +
          '      max_credits: 9\n      endpoint: http://127.0.0.1:1\n      key_command: [pass, show]\nreport: { out: r }\n',
      )
      expect(await readConfig(path)).toMatchObject({
        survey: {
          records: false,
          sources: [
            { source: 'shodan', max_credits: 0, experimental: false, rate: 2, key_file: '/a' },
            {
              source: 'censys',
              max_credits: 9,
              experimental: true,
              endpoint: 'http://127.0.0.1:1',
              key_command: ['pass', 'show'],
            },
          ],
        },
      })
    })
  })

  it.each([
    ['inputs beside it', `${sound}country: JP\nsurvey: {}\n`, 'field survey: there are inputs too'],
    ['no country', 'survey: {}\nreport: { out: r }\n', 'field country: a survey is of one country'],
    ['neither', 'country: JP\nreport: { out: r }\n', ': there are neither inputs nor a survey'],
    ['a source beside sources', surveyed('source: shodan, sources: [{}]'), 'field survey.source: there are sources'],
    ['a key beside sources', surveyed('sources: [{}], key_file: a'), 'field survey.key_file: there are sources'],
    ['no sources', surveyed('sources: []'), 'line 2, field survey.sources: '],
    ['an unknown source', surveyed('sources: [{}, { source: google }]'), 'line 2, field survey.sources.1.source: '],
    ['by, of a source', surveyed('sources: [{ by: [product] }]'), 'field survey.sources.0.by: there is no such'],
    ['credits below none', surveyed('max_credits: -1'), 'line 2, field survey.max_credits: '],
    ['records by product', surveyed('records: true, by: [product]'), 'field survey.records: records come from one'],
    ['records of two', surveyed('records: true, sources: [{}, { source: censys }]'), 'field survey.records: records'],
  ])('refuses a survey with %s', async (_, text, where) => {
    const error = await faultOf(text)
    expect(error.exit).toBe(2)
    expect(error.message).toContain(where)
    expect(error.hint).toBeTruthy()
  })

  it('refuses aliases, and with them every bomb', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]`)
    const error = await faultOf(`a0: &a0 [x]\n${levels.join('\n')}\n${sound}`)
    expect(error.exit).toBe(2)
    expect(error.message).toContain('line 2: YAML aliases (*a0)')
  })

  it.each([
    ['deep nesting', '['.repeat(100_000)],
    ['deep maps', '{a: '.repeat(100_000)],
    ['deep lists, closed', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['deep lists on one line', `${'- '.repeat(100_000)}a`],
    ['deep indentation', Array.from({ length: 1400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['a huge file', '#'.repeat(2 ** 20 + 1)],
    ['NULs and bytes that are no UTF-8', Buffer.from([0, 1, 0xff, 0xfe, 0x3a, 0x20, 0])],
  ])('refuses %s', async (_, text) => {
    const error = await faultOf(text)
    expect(error.exit).toBe(2)
    expect(error.message).toMatch(/nested too deep$|larger than 1 MiB|line 1/)
    expect(error.message).not.toContain('call stack')
  })

  it('refuses a file that is not there, and a folder', async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'census.yaml'))
      for (const name of ['census.yaml', 'none.yaml'])
        await expect(readConfig(join(folder, name))).rejects.toMatchObject({ exit: 2 })
    })
  })

  it('never throws anything but a CensusError of exit 2', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'census.yaml')
      const piece = fc.constantFrom(
        'inputs',
        'report',
        'out',
        'file',
        ': ',
        '\n',
        '  ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '!!js/f ',
        '"',
        "'",
        '|',
        '>',
        '#',
        '<<',
        '? ',
        '%',
        '@',
        '`',
        '\t',
        '\0',
        '💥',
        '__proto__',
        '1e999',
        '~',
      )
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
          await writeFile(path, pieces.join(''))
          const error: unknown = await readConfig(path).catch((reason: unknown) => reason)
          if (error instanceof Error) expect(error).toMatchObject({ name: 'CensusError', exit: 2 })
        }),
        { numRuns: 500 },
      )
    })
  })
})
