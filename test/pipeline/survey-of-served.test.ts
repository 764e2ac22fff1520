import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compare } from '../../src/pipeline/compare.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { survey } from '../../src/pipeline/survey.ts'
import { key, quickstart, served } from '../api/served.ts'

/** The rows of banners in a report's file by region, without what a survey says otherwise. */
async function banners(out: string): Promise<string[][]> {
  const [header = '', ...lines] = (await readFile(join(out, 'exposure-by-region.csv'), 'utf8')).trimEnd().split('\r\n')
  const names = header.split(',')
  const apart = new Set(['snapshot', 'observed_from', 'observed_to', 'basis', 'flags'])
  return lines
    .map((line) => line.split(','))
    .filter((cells) => cells[names.indexOf('unit')] === 'banners')
    .map((cells) => cells.filter((_, index) => !apart.has(names[index] ?? '')))
}

test('a survey of a census that is served gives the very figures its report gives', async () => {
  const api = await served([quickstart])
  try {
    const asked = { store: api.store, country: 'JP', per: 100_000, populationYear: 2015 }
    const list = ['mail', 'time', 'iot', 'http', 'https']
    await makeReport({ ...asked, snapshot: 'served', services: list, by: ['region'], out: join(api.folder, 'records') })
    const { manifest } = await survey({
      store: api.store,
      id: 'survey',
      sources: [{ engine: 'shodan', key: () => key, endpoint: api.url, requestsPerSecond: 1000, maxCredits: 0 }],
      country: 'JP',
      services: list,
      by: [],
      http: {},
    })
    expect(manifest).toMatchObject({
      complete: true,
      survey: { engines: [{ ledger: { credits: 0 }, regions: { codeSet: 'iso' } }] },
    })
    await makeReport({ ...asked, snapshot: 'survey', out: join(api.folder, 'facets') })
    const [ofRecords, ofFacets] = [
      await banners(join(api.folder, 'records')),
      await banners(join(api.folder, 'facets')),
    ]
    expect(ofFacets).toEqual(ofRecords)
    const compared = await compare({
      store: api.store,
      old: 'served',
      new: 'survey',
      out: join(api.folder, 'compared'),
    })
    expect(compared).toMatchObject({ old: { unit: 'banners' }, new: { unit: 'banners' } })
    const cells = new Map(compared.rows.map((row) => [`${row.service} ${row.region}`, row]))
    expect(cells.size).toBe(new Set(ofFacets.map((row) => row.join())).size)
    // The same figures; but records held are no counts of an engine, and are not subtracted.
    for (const row of compared.rows) expect(row).toMatchObject({ difference: undefined, new: row.old })
    expect(compared.warnings).toEqual([
      'records held are compared with counts of a search engine, which saw what it saw',
    ])
    expect(ofFacets.filter(([, , , , , , , , count]) => count !== '0').length).toBeGreaterThan(100)
  } finally {
    await api.close()
  }
}, 120_000)
