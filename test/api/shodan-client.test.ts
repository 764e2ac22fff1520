import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importFiles } from '../../src/pipeline/import.ts'
import { censusRows } from '../helpers/store.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { findSnapshot, isOfRecords, type RecordsSnapshot } from '../../src/store/snapshots.ts'
import { key, quickstart, served, type Served } from './served.ts'

/*
 * Shodan's own client, as Debian has it (python3-shodan), unmodified. It has no setting for where the API is and waits a
 * second between requests: a sitecustomize.py on its path sets both when an instance is made.
 */
const client = '/usr/bin/shodan'
const isMissing = !existsSync(client)
if (isMissing && process.env['CI'] !== undefined && process.env['CI'] !== '')
  throw new Error(`${client} is missing: apt-get install python3-shodan`)
if (isMissing) console.warn(`${client} is missing (Debian: python3-shodan): its tests are skipped`)

const customize = `
import os
import shodan.client
begin = shodan.client.Shodan.__init__
def __init__(self, *args, **kwargs):
    begin(self, *args, **kwargs)
    self.base_url = os.environ['SHODAN_BASE_URL']
    self.api_rate_limit = 0
shodan.client.Shodan.__init__ = __init__
`

/** Every record whose place is hard to hand on: decided by other records, by nothing, or against what it says. */
const hard = [
  // Two code sets, and nothing but the rest of the month to tell which.
  banner({ ip_str: '192.0.2.1' }),
  banner({ ip_str: '192.0.2.2', location: { country_code: 'JP', region_code: '13' } }),
  // Code and coordinates contradict each other.
  banner({
    ip_str: '192.0.2.3',
    location: { country_code: 'JP', region_code: '01', city: 'Kobe', latitude: 34.69, longitude: 135.18 },
  }),
  // One address, two places: the newer wins, for both.
  banner({ ip_str: '192.0.2.4', timestamp: '2016-05-03T00:00:00.000000' }),
  banner({
    ip_str: '192.0.2.4',
    timestamp: '2016-05-02T00:00:00.000000',
    port: 587,
    location: { country_code: 'JP', region_code: '13', city: 'Tokyo', latitude: 35.6995, longitude: 139.6817 },
  }),
  // Codes of the older set.
  banner({
    ip_str: '192.0.2.5',
    timestamp: '2012-05-03T00:00:00.000000',
    location: { country_code: 'JP', region_code: '40', city: 'Tokyo', latitude: 35.6995, longitude: 139.6817 },
  }),
  banner({ ip_str: '192.0.2.6', location: { country_code: 'EU', country_name: 'Europe' } }),
  banner({ ip_str: '192.0.2.7', location: {} }),
  banner({ ip_str: '192.0.2.8', timestamp: null, _shodan: { module: 'unknown' }, port: 4321 }),
  banner({ ip_str: '2001:db8::7', _shodan: { module: 'Own/Thing' } }),
  banner({ ip_str: '192.0.2.9', _shodan: { module: 'mail' } }),
  banner({ ip_str: '192.0.2.10', _shodan: { module: 'http' }, port: 443 }),
]

describe.skipIf(isMissing)('Shodan’s own client', () => {
  let api: Served
  let home: string
  beforeAll(async () => {
    api = await served([quickstart])
    home = join(api.folder, 'home')
    await mkdir(join(home, 'site'), { recursive: true })
    await writeFile(join(home, 'site', 'sitecustomize.py'), customize)
    await shodan(['init', key])
  })
  afterAll(() => api.close())

  const shodan = async (args: readonly string[], url = api.url): Promise<string> => {
    const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', NO_PROXY: '*', PAGER: 'cat' }
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [client, ...args], {
      cwd: home,
      env: { ...environment, HOME: home, PYTHONPATH: join(home, 'site'), SHODAN_BASE_URL: url },
      maxBuffer: 2 ** 26,
    })
    return stdout
  }

  test('info', async () => {
    expect(await shodan(['info'])).toMatch(/Query credits available: 1000000\nScan credits available: 0\n/)
  })

  test('count', async () => {
    expect(await shodan(['count', 'country:JP'])).toBe('7222\n')
    expect(await shodan(['count', 'country:JP', 'shodan.module:smtp,smtps,smtp-starttls', 'region:13'])).toBe(
      `${await api.count('country:JP shodan.module:smtp region:13')}\n`,
    )
  })

  test('search', async () => {
    const fields = 'ip_str,port,org,location.region_code,_shodan.module'
    const query = 'country:JP port:25 region:13'
    const lines = await shodan(['search', '--no-color', '--limit', '7', '--fields', fields, '--separator', '|', query])
    const { matches } = await api.ok('/shodan/host/search', { query, limit: 7 })
    expect(lines.trimEnd().split('\n')).toEqual(
      (matches as { ip_str: string; org: string; _shodan: { module: string } }[]).map(
        ({ ip_str: ip, org, _shodan: { module } }) => `${ip}|25|${org}|13|${module}|`,
      ),
    )
  })

  test('stats', async () => {
    const stats = await shodan(['stats', '--limit', '2', '--facets', 'region,product,port', 'country:JP'])
    expect(stats).toMatch(/Top 2 Results for Facet: region\n13 +2,059\n27 +810\n/)
    expect(stats).toMatch(/Top 2 Results for Facet: port\n/)
  })

  test('host', async () => {
    const host = await shodan(['host', '198.51.100.153'])
    expect(host).toMatch(/^198\.51\.100\.153\nCity: +Mito\nCountry: +Japan\n/)
    expect(host).toMatch(/Number of open ports: +1\n[^]*123\/udp/)
    expect(await shodan(['host', '--history', '--format', 'tsv', '198.51.100.153'])).toContain('2016-04-29')
    await expect(shodan(['host', '2001:db8::99'])).rejects.toThrow(/No information available for that IP\./)
  })

  test('errors and a wrong key, in our words', async () => {
    await expect(shodan(['count', 'colour:red'])).rejects.toThrow(/There is no filter "colour"/)
    await expect(shodan(['init', 'wrong'])).rejects.toThrow(/Invalid API key/)
  })

  test('download and parse', async () => {
    const query = 'country:JP shodan.module:ntp region:14'
    const total = await api.count(query)
    expect(await shodan(['download', '--limit', '-1', 'ntp', query])).toContain(`Saved ${total} results`)
    const lines = await shodan(['parse', '--no-color', '--fields', 'ip_str,port', '--separator', ' ', 'ntp.json.gz'])
    const { matches } = await api.ok('/shodan/host/search', { query, limit: 1000 })
    expect(lines.trimEnd().split('\n')).toEqual(
      (matches as { ip_str: string; port: number }[]).map(({ ip_str: ip, port }) => `${ip} ${port}`),
    )
  })

  const counted = async (snapshot: RecordsSnapshot): Promise<string[]> =>
    (await censusRows(snapshot))
      .map(({ address, port, transport, observed_at: at, country, region, service }) =>
        [address, port, transport, at, country, region, service].join(' '),
      )
      .toSorted()

  const recordsOf = async (store: string, id: string): Promise<RecordsSnapshot> => {
    const snapshot = await findSnapshot(store, id)
    if (!isOfRecords(snapshot)) throw new Error('a snapshot of records is due')
    return snapshot
  }

  /** What a served store counts, and what is counted of all that was downloaded of it. */
  const thereAndBack = async (from: Served, name: string): Promise<[string[], string[]]> => {
    await shodan(['download', '--limit', '-1', name, 'has_screenshot:false'], from.url)
    await importFiles({
      store: from.store,
      id: 'back',
      files: [{ name: join(home, `${name}.json.gz`), format: 'auto' }],
      maxRecordBytes: 2 ** 24,
      maxExpansion: 300,
    })
    return [await counted(await recordsOf(from.store, 'served')), await counted(await recordsOf(from.store, 'back'))]
  }

  test('what it downloads counts as it did: the same records, places and services', async () => {
    const [there, back] = await thereAndBack(api, 'all')
    expect(there).toHaveLength(7427)
    expect(back).toEqual(there)
  })

  test('so do records whose place is hard to hand on', async () => {
    const other = await served({ 'hard.json': ndjson(...hard) })
    try {
      const [there, back] = await thereAndBack(other, 'hard')
      expect(there).toHaveLength(hard.length)
      expect(back).toEqual(there)
      // And each of them alone, without the others to tell of which set its code is.
      const [, tokyo = ''] = there.filter((row) => row.includes('JP-'))
      expect(tokyo).not.toBe('')
      await shodan(['download', '--limit', '-1', 'alone', 'ip:192.0.2.2'], other.url)
      const files = [{ name: join(home, 'alone.json.gz'), format: 'auto' as const }]
      await importFiles({ store: other.store, id: 'alone', files, maxRecordBytes: 2 ** 24, maxExpansion: 300 })
      const alone = await counted(await recordsOf(other.store, 'alone'))
      expect(alone).toHaveLength(1)
      expect(there).toContain(alone[0])
    } finally {
      await other.close()
    }
  })
})
