import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { printReport } from '../../src/commands/report.ts'
import { addresses, reportAgain, reportOn, withFolder, type MadeReport, type Seen } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'

/** The study's five prefectures and another, with mail, time and devices, so that every column is there. */
const study: Seen[] = ['JP-13', 'JP-14', 'JP-27', 'JP-23', 'JP-11', 'JP-01', undefined].flatMap((region, place) =>
  addresses(70 - 10 * place, place * 200).map((ip, index): Seen => ({
    ip,
    service: ['smtp', 'ntp', 'http', 'imap'][index % 4] ?? 'smtp',
    product: ['Postfix', 'Exim'][index % 2] ?? '',
    observedAt: `2016-0${1 + (index % 6)}-01T00:00:00Z`,
    country: 'JP',
    ...(region === undefined ? {} : { region }),
  })),
)

const printed = ({ report, folder }: MadeReport, options = {}): { stdout: string; stderr: string } => {
  const console = recorded()
  printReport(report, folder, globals('', options), console)
  return { stdout: console.stdout(), stderr: console.stderr() }
}

describe('the summary', () => {
  it('is the five-prefecture table, aligned, in 80 columns', async () => {
    await withFolder(async (folder) => {
      const { stdout, stderr } = printed({ ...(await reportOn(folder, study)), folder: 'report' })
      expect(stderr).toBe('')
      const lines = stdout.split('\n')
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(80)
      const start = lines.findIndex((line) => line.startsWith('Region'))
      const table = lines.slice(start, start + 8)
      expect(table.map((line) => line.split(/ {2,}/)[0])).toEqual([
        'Region',
        'Tokyo 東京都',
        'Kanagawa 神奈川県',
        'Osaka 大阪府',
        'Aichi 愛知県',
        'Saitama 埼玉県',
        'Japan 日本',
        'unknown',
      ])
      expect(new Set(table.map((line) => stringWidth(line))).size).toBe(1)
      expect(table[1]).toMatch(/^Tokyo 東京都 +13,515,271 +70 +0\.52 +35 +0\.26 +18 +0\.13 +4$/)
      expect(stdout).toContain('Japan: 280 exposed addresses, 10 of them of unknown region.')
      expect(stdout).toContain('Population of 2015; rates per 100,000 people.')
      expect(stdout).toMatch(/Mail servers by product +Addresses\n(.+\n)*Postfix +\d+/)
    })
  })

  it('shows every region asked for, and the year named', async () => {
    await withFolder(async (folder) => {
      await reportOn(folder, study)
      const made = await reportAgain(folder, { regions: ['JP-13', 'JP-01', 'JP-47'], populationYear: 2020 })
      const { stdout } = printed(made)
      for (const name of ['Tokyo', 'Hokkaido', 'Okinawa']) expect(stdout).toContain(name)
      expect(stdout).not.toContain('Osaka')
      expect(stdout).toContain('Population of 2020')
    })
  })

  it('has the columns of the services asked for', async () => {
    await withFolder(async (folder) => {
      await reportOn(folder, study)
      const { stdout } = printed(await reportAgain(folder, { services: ['ntp', 'mail'] }))
      const header = stdout.split('\n').find((line) => line.startsWith('Region')) ?? ''
      expect(header.split(/ {2,}/).slice(2)).toEqual(['all', 'rate', 'ntp', 'rate', 'mail', 'rate', 'Rank'])
    })
  })

  it('gives rates for as many people as asked, in print only', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, study, { per: 1_000_000 })
      expect(printed(made).stdout).toMatch(/Tokyo 東京都 +13,515,271 +70 +5\.18/)
      expect((await made.rows('region')).find((row) => row['region'] === 'JP-13')?.['per_100k']).toBe('0.517933')
    })
  })

  it('says the total without suspects', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, [
        ...study,
        { ip: '203.0.113.1', service: 'smtp', region: 'JP-13', tags: 'cloud honeypot' },
      ])
      expect(made.report.withoutSuspects.get('JP\0all')).toBe(280)
      expect(printed(made).stdout).toContain('Japan: 281 exposed addresses')
      expect(printed(made).stdout).toContain('Without hosts flagged suspect: 280.')
    })
  })

  it('warns when default placements decide a rank, and only then', async () => {
    await withFolder(async (folder) => {
      const here = (region: string, count: number, from: number, defaultGeolocation = false): Seen[] =>
        addresses(count, from).map((ip) => ({ ip, service: 'smtp', region, defaultGeolocation }))
      // Tokyo leads Kanagawa per head by its 300 default placements alone.
      const rest = [...here('JP-13', 20, 0), ...here('JP-14', 60, 100)]
      const made = await reportOn(folder, [...rest, ...here('JP-13', 300, 200, true)])
      expect(made.report.warnings).toHaveLength(1)
      expect(made.report.warnings[0]).toMatch(/default-geolocation.*Tokyo is rank 2, not rank 1/)
      expect(printed(made).stderr).toContain('default-geolocation')
    })
    await withFolder(async (folder) => {
      const placed = addresses(30).map((ip, index): Seen => ({
        ip,
        service: 'smtp',
        region: 'JP-13',
        defaultGeolocation: index < 3,
      }))
      expect((await reportOn(folder, placed)).report.warnings).toEqual([])
    })
  })

  it('lets no control character of a product, organisation or table reach the terminal', async () => {
    await withFolder(async (folder) => {
      const hostile = ['\u001b[2J\u001b]0;owned\u0007', '\u202eevil', '\u009b31m', 'a\r\nb', '\u2066']
      const seen = hostile.map((product, index): Seen => ({
        ip: `203.0.113.${index}`,
        service: 'smtp',
        region: 'JP-13',
        product,
      }))
      const { stdout } = printed({ ...(await reportOn(folder, seen)), folder: '\u001b[31mout' })
      // eslint-disable-next-line no-control-regex
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      expect(stdout).toContain('?[2J?]0;owned?')
    })
  })

  it('is one JSON document with --json, nothing with --quiet', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, study)
      const json = JSON.parse(printed(made, { json: true }).stdout) as { snapshot: string; rows: unknown[] }
      expect(json).toMatchObject({ snapshot: 'test', country: 'JP', populationYear: 2015 })
      expect(json.rows.length).toBe(made.report.shown[0]?.rows.length)
      expect(printed(made, { quiet: true }).stdout).toBe('')
    })
  })

  it('is made of a snapshot without any place or record', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, [])
      expect(printed(made).stdout).toContain('No exposed address has a known country.')
    })
  })
})
