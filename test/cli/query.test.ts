import { readdir } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { shodanAnswers } from '../helpers/engine-shodan.ts'
import { makeSnapshot, withFolder } from '../helpers/census.ts'
import { census, ended, startCensus, type Ran } from '../helpers/cli.ts'
import { started, surveyed } from '../helpers/surveys.ts'

const endless = 'SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c'
const hostile = '\u001b[31m\u202e=1'

/** What a question comes to, of a snapshot of two records; nothing may be left in the store but what a report leaves. */
const asked = (sql: string, options: readonly string[] = [], missing: string[] = []): Promise<Ran> =>
  withFolder(async (folder) => {
    const seen = [
      { ip: '192.0.2.1', service: 'ntp', regionCode: 'JP-13', country: 'JP', port: 123, banner: 'one\r\ntwo' },
      { ip: '2001:db8::1', service: 'ntp', country: 'JP', port: 123, organisation: '=cmd()' },
    ]
    await makeSnapshot(folder, 'two', seen, { missing })
    const before = (await readdir(`${folder}/snapshots`, { recursive: true })).toSorted()
    const ran = await census(['query', sql, '--store', folder, ...options])
    expect((await readdir(`${folder}/snapshots`, { recursive: true })).toSorted()).toEqual(before)
    return ran
  })

describe('census query', () => {
  it.each([
    [
      'SELECT ip, port, is_newest FROM census ORDER BY ip',
      'ip           port  is_newest\n192.0.2.1     123  true\n2001:db8::1   123  true\n',
    ],
    ["SELECT region, count(*) AS n FROM census GROUP BY region HAVING region = 'unknown'", 'region   n\nunknown  1\n'],
    ['SELECT count(*) AS n FROM census JOIN observations USING (ip, digest)', 'n\n2\n'],
    ['SELECT id, kept FROM snapshots', 'id   kept\ntwo     2\n'],
    [
      "SELECT name, year, population FROM regions JOIN populations USING (code) WHERE code = 'JP-13' AND year = 2015",
      'name   year  population\nTokyo  2015    13515271\n',
    ],
    ['SHOW TABLES', 'name\ncensus\nobservations\npopulations\nregions\nsnapshots\n'],
    ['SELECT port, banner FROM observations WHERE banner IS NOT NULL', 'port    123\nbanner  one\n        two\n'],
  ])('%s', async (sql, stdout) => {
    expect(await asked(sql)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('reads the counts of an engine', async () => {
    const engine = await started(shodanAnswers(syntheticBanners(200, { seed: 1 }), {}))
    const source = { engine: 'shodan' as const, key: () => 'k', endpoint: engine.url, maxCredits: 0 }
    const { store, tallies } = await surveyed([source], { services: ['ntp'] })
    const { stdout } = await census(['query', 'SELECT * FROM tallies', '--json', '--store', store])
    const cells = (tally: object): string => JSON.stringify({ ...tally, flags: undefined })
    expect((JSON.parse(stdout) as object[]).map(cells).toSorted()).toEqual(tallies.map(cells).toSorted())
    expect(tallies.length).toBeGreaterThan(1)
  })

  it('cleans what a terminal would obey, and a spreadsheet would run; JSON is exact', async () => {
    const sql = `SELECT '${hostile}' AS "${hostile}", '=1+1' AS f, -170141183460469231731687303715884105727 AS n, 9007199254740993 AS b, -1.5 AS d, 0.1::FLOAT * 0 AS z, NULL AS e, 1 AS "__proto__"`
    // oxlint-disable-next-line no-control-regex
    expect((await asked(sql)).stdout).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u202e]+$/)
    const [names = [], cells] = parse((await asked(sql, ['--format', 'csv'])).stdout, { bom: false })
    expect(names[0]).toBe(hostile)
    expect(cells).toEqual([
      hostile,
      "'=1+1",
      '-170141183460469231731687303715884105727',
      '9007199254740993',
      '-1.5',
      '0',
      '',
      '1',
    ])
    const { stdout } = await asked(sql, ['--format', 'json'])
    expect(Object.entries((JSON.parse(stdout) as object[])[0] ?? {})).toEqual(
      Object.entries(
        JSON.parse(
          `{"${hostile.replace('\u001b', '\\u001b')}":${JSON.stringify(hostile)},"f":"=1+1","n":"-170141183460469231731687303715884105727","b":"9007199254740993","d":-1.5,"z":0,"e":null,"__proto__":1}`,
        ) as object,
      ),
    )
  })

  it('gives no rows as what they are', async () => {
    const sql = 'SELECT 1 AS a WHERE false'
    expect((await asked(sql, ['--json'])).stdout).toBe('[]\n')
    expect((await asked(sql, ['--format', 'csv'])).stdout).toBe('a\r\n')
    expect((await asked(sql)).stdout).toBe('a\n')
  })

  it('gives every row of many as JSON and CSV, a thousand as a table', async () => {
    const sql = 'SELECT i FROM range(5000) t(i)'
    expect(JSON.parse((await asked(sql, ['--json'])).stdout)).toHaveLength(5000)
    expect((await asked(sql, ['--format', 'csv'])).stdout.split('\r\n')).toHaveLength(5002)
    const { stdout, stderr } = await asked(sql)
    expect(stdout.split('\n')).toHaveLength(1002)
    expect(stderr).toMatch(/^census: the first 1,000 rows are shown/)
  })

  it.each([
    ["COPY census TO 'x'", [], 2, /can only read/],
    ["FROM read_csv('/etc/passwd')", [], 2, /cannot call read_csv/],
    ["FROM '/etc/passwd'", [], 2, /Table with name \/etc\/passwd does not exist/],
    ["FROM '/etc/passwd.csv'", [], 2, /Permission Error/],
    ["SELECT getenv('HOME')", [], 2, /getenv does not exist/],
    ['SELECT $1', [], 2, /parameters/],
    ['FROM tallies', [], 2, /tallies does not exist/],
    ['SELECT nope FROM census', [], 2, /"nope" not found/],
    ["SELECT 'a'::INT", [], 2, /Conversion Error/],
    ['SELECT 1', ['--format', 'toString'], 2, /no format "toString"/],
    ['SELECT 1', ['--snapshot', 'none'], 2, /no snapshot "none"/],
    [endless, ['--max-seconds', '1'], 1, /longer than 1 s/],
    [
      endless.replace('count(*)', '*').replace('FROM', 'FROM (SELECT a.range AS x FROM') + ') ORDER BY hash(x)',
      ['--max-memory', '64'],
      1,
      /more than 64 MiB/,
    ],
  ])('%s %j: exit %i in one line', async (sql, options, code, message) => {
    const ran = await asked(sql, options)
    expect(ran).toMatchObject({ code, stdout: '' })
    expect(ran.stderr).toMatch(/^census: [^\n]+\n$/)
    expect(ran.stderr).toMatch(message)
  })

  it('counts the time of all steps of an answer', async () => {
    const sql = 'SELECT list_sum(range(1000 + i % 9)) FROM range(20000000) t(i)'
    const ran = await asked(sql, ['--format', 'csv', '--max-seconds', '1'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/longer than 1 s/)
  })

  it('says that a question reads what is partial', async () => {
    const ran = await asked('SELECT count(*) AS n FROM census', [], ['two files'])
    expect(ran).toEqual({ code: 3, stdout: 'n\n2\n', stderr: 'census: the snapshot is partial: two files\n' })
    expect((await asked('SELECT 1 AS n', [], ['two files'])).code).toBe(0)
  })

  it('ends at the first signal', async () => {
    await withFolder(async (folder) => {
      await makeSnapshot(folder, 'one', [{ ip: '192.0.2.1' }])
      const child = startCensus(['query', `FROM range(1000000000)`, '--format', 'csv', '--store', folder])
      child.stdout?.once('data', () => child.kill('SIGINT'))
      expect((await ended(child)).code).toBe(130)
    })
  })
})
