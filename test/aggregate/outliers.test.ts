import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { outliers } from '../../src/aggregate/outliers.ts'
import type { ServiceRow } from '../../src/aggregate/tallies.ts'
import { partKinds, type Outlier } from '../../src/model/findings.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { all, sqlText, toNumber, toText, type Database } from '../../src/store/duckdb.ts'
import { addresses, withCensus, type Seen } from '../helpers/census.ts'
import { reportRow } from '../helpers/report-row.ts'
import { records } from './records.ts'

const people = 1_000_000
const figure = (region: string, service: string, count: number): ReportRow =>
  reportRow({ region, service, count, population: people })

interface Asked {
  /** Counts addresses of a service row in a region by plain SQL. */
  readonly count: (region: string, row: ServiceRow, but?: string) => Promise<number>
  readonly explain: (cells: readonly (readonly [region: string, service: string])[]) => Promise<Outlier[]>
  readonly rows: readonly ServiceRow[]
  readonly connection: Database['connection']
  readonly from: string
}

const asking = (seen: readonly Seen[], ask: (asked: Asked) => Promise<void>): Promise<void> =>
  withCensus(seen, async ({ census, connection, rows }) => {
    const rowOf = (service: string): ServiceRow => rows.find(({ id }) => id === service)!
    const count: Asked['count'] = async (region, { services }, but = 'true') => {
      const of = services === undefined ? 'true' : `service IN (${services.map(sqlText).join(', ')})`
      const sql = `SELECT count(DISTINCT address) AS n FROM ${census.rows} WHERE region = ${sqlText(region)} AND ${of} AND ${but}`
      return toNumber((await all(connection, sql))[0]?.['n'])
    }
    const explain: Asked['explain'] = async (cells) => {
      const figures: ReportRow[] = []
      const totals = new Map<string, number>()
      for (const [region, service] of cells) {
        figures.push(figure(region, service, await count(region, rowOf(service))))
        totals.set(region, await count(region, rowOf('all')))
      }
      return outliers(connection, { census, serviceRows: rows }, figures, totals)
    }
    await ask({ count, explain, rows, connection, from: census.rows })
  })

/** So many hosts with a service, of a network. */
const hosts = (count: number, from: number, told: Partial<Seen>): Seen[] =>
  addresses(count, from).map((ip) => ({ ip, region: 'JP-14', ...told }))

describe('outliers', () => {
  it('name what a region stands out by, with rate and share as they were without it', async () => {
    const seen = [
      ...hosts(50, 0, { service: 'ntp', port: 123, asn: 64_496, organisation: 'Example Net', product: 'ntpd' }),
      ...hosts(8, 50, { service: 'ntp', port: 123, asn: 64_497, organisation: 'Example Net' }),
      ...hosts(42, 58, { service: 'smtp', asn: 64_497, organisation: '例示通信', product: 'Postfix' }),
    ]
    await asking(seen, async ({ explain }) => {
      const found = await explain([['JP-14', 'ntp']])
      const figures = {
        row: expect.anything() as ReportRow,
        asn: '',
        organisation: '',
        vendor: '',
        product: '',
        share: 0.58,
      }
      const without = { countWithout: 8, per100kWithout: expect.closeTo(0.8, 12) as number, shareWithout: 8 / 50 }
      const none = { countWithout: 0, per100kWithout: 0, shareWithout: 0 }
      expect(found).toEqual([
        { ...figures, kind: 'network', asn: '64496', ...without },
        { ...figures, kind: 'organisation', organisation: 'Example Net', ...none },
        { ...figures, kind: 'product', product: 'ntpd', ...without },
      ])
    })
  })

  it('leave an address that has other records of the service', async () => {
    const exim = hosts(10, 0, { service: 'smtp', product: 'Exim', observedAt: '2016-03-01T00:00:00Z' })
    const postfix = hosts(7, 3, { service: 'smtp', product: 'Postfix', observedAt: '2016-04-01T00:00:00Z' })
    await asking([...exim, ...postfix], async ({ explain }) => {
      const found = await explain([['JP-14', 'smtp']])
      // Exim alone has three addresses, and seven show Postfix too.
      expect(found).toMatchObject([{ kind: 'product', product: 'Exim', countWithout: 7 }])
    })
  })

  it('say nothing where no network, organisation or product is told, of no figures, and no share of `all`', async () => {
    await asking(hosts(20, 0, { service: 'ntp' }), async ({ explain }) => {
      expect(await explain([['JP-14', 'ntp']])).toEqual([])
      expect(await explain([])).toEqual([])
    })
    await asking(hosts(20, 0, { service: 'ntp', asn: 64_496 }), async ({ explain }) => {
      expect(await explain([['JP-14', 'all']])).toMatchObject([{ share: undefined, shareWithout: undefined }])
      // Without the one network nothing is left to be a share of.
      expect(await explain([['JP-14', 'ntp']])).toMatchObject([{ share: 1, shareWithout: undefined, countWithout: 0 }])
    })
  })

  it('are what leaving out each part and counting again finds, for any records', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (seen) => {
        await asking(seen, async ({ explain, count, rows, connection, from }) => {
          const cells = rows.flatMap(({ id }) => ['JP-13', 'JP-14'].map((region) => [region, id] as const))
          const found = await explain(cells)
          for (const [region, service] of cells) {
            const row = rows.find(({ id }) => id === service)!
            for (const kind of partKinds) {
              const columns = { network: ['asn'], organisation: ['organisation'], product: ['vendor', 'product'] }[kind]
              const empty = kind === 'network' ? 'asn <> 0' : `${kind} <> ''`
              const parts = await all(
                connection,
                `SELECT DISTINCT ${columns.join(', ')} FROM ${from} WHERE region = '${region}' AND ${empty}`,
              )
              let least = await count(region, row)
              for (const part of parts) {
                const is = columns.map((column) => `${column} = ${sqlText(toText(part[column]))}`).join(' AND ')
                least = Math.min(least, await count(region, row, `NOT (${is})`))
              }
              const own = found.find(
                (each) => each.kind === kind && each.row.region === region && each.row.service === service,
              )
              expect(own?.countWithout ?? (await count(region, row))).toBe(least)
              if (own?.share === undefined) continue
              const is = columns
                .map((column) => `${column} = ${sqlText(own[column as 'asn' | 'vendor' | 'product' | 'organisation'])}`)
                .join(' AND ')
              const whole = await count(region, rows[0]!, `NOT (${is})`)
              expect(own.shareWithout).toBe(whole === 0 ? undefined : own.countWithout / whole)
            }
          }
        })
      }),
      { numRuns: 6 },
    )
  }, 120_000)
})
