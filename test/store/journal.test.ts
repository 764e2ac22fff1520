import { cp, mkdir, readFile, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openJournal, readJournal, type Journal } from '../../src/store/journal.ts'
import { temporaryFolder } from '../helpers/store.ts'

const scope = {
  engine: 'shodan',
  endpoint: 'https://api.example.org',
  country: 'JP',
  queries: ['country:JP port:25', 'country:JP port:123'],
}
const lines = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ name, at }))

/** A download: three pages that came, one that failed first, and one nobody knows of. */
async function written(): Promise<{ store: string; folder: string; journal: string; pages: readonly string[] }> {
  const store = await temporaryFolder()
  const journal = await openJournal(store, scope)
  await journal.counted(0, 5)
  for (const [query, page, count] of [
    [0, 1, 3],
    [0, 2, 2],
    [1, 1, 1],
  ] as const) {
    await journal.attempt(query, page)
    if (page === 2) {
      await journal.failed(query, page, 'status 500')
      await journal.attempt(query, page)
    }
    await journal.store(query, page, { lines: lines(`${query}-${page}`, count), rows: count + 1, total: 5 })
  }
  await journal.attempt(1, 2)
  await journal.close()
  const pages = (await readdir(journal.folder)).filter((name) => name.startsWith('page-')).toSorted()
  return { store, folder: journal.folder, journal: join(journal.folder, 'journal.ndjson'), pages }
}

const everyLine = async (journal: Journal): Promise<string[]> => {
  const found: string[] = []
  for await (const page of journal.lines()) found.push(...page)
  return found
}

const stateOf = (state: Journal['state']) => ({
  attempts: state.attempts,
  retries: state.retries,
  doubtful: state.doubtful,
  pages: state.size(),
})

test('a journal says what happened, to whoever opens or reads it', async () => {
  const { store, pages } = await written()
  const journal = await openJournal(store, scope)
  const told = { attempts: 5, retries: 1, doubtful: 1, pages: 3 }
  expect(stateOf(journal.state)).toEqual(told)
  expect(stateOf(await readJournal(store, scope))).toEqual(told)
  expect(journal.state.totals(0)).toEqual([5])
  expect(journal.state.page(0, 2)).toMatchObject({ rows: 3, fresh: 2, total: 5 })
  expect(pages).toEqual(['page-0-1.ndjson', 'page-0-2.ndjson', 'page-1-1.ndjson'])
  expect(await everyLine(journal)).toEqual([...lines('0-1', 3), ...lines('0-2', 2), ...lines('1-1', 1)])
  const joined = join(store, 'joined')
  await journal.join(joined)
  expect((await readFile(joined, 'utf8')).trimEnd().split('\n')).toEqual(await everyLine(journal))
})

test('another download has a journal of its own', async () => {
  const { store } = await written()
  for (const other of [
    { ...scope, engine: 'other' },
    { ...scope, endpoint: 'https://api.example.com' },
    { ...scope, country: 'FR' },
    { ...scope, queries: scope.queries.toReversed() },
  ])
    expect(stateOf(await readJournal(store, other))).toMatchObject({ attempts: 0, pages: 0 })
})

test('cut off anywhere, it knows every attempt told whole and every page in place, and goes on', async () => {
  const { store, folder, journal: path, pages } = await written()
  const whole = await readFile(path)
  const kept = join(await temporaryFolder(), 'kept')
  await cp(folder, kept, { recursive: true })
  const attemptEnds = [...whole.toString().matchAll(/"event":"attempt".*\n/g)].map(
    (found) => found.index + found[0].length,
  )
  // About the end of every line, and here and there within.
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 10 ? [at - 1, at, at + 1] : []))
  for (const cut of new Set([0, 1, ...ends, ...[3, 10, 40].flatMap((each) => ends.map((end) => end - each))])) {
    await truncate(path, cut)
    const journal = await openJournal(store, scope)
    const attempts = attemptEnds.filter((end) => end <= cut).length
    expect({ cut, ...stateOf(journal.state) }).toMatchObject({ cut, attempts, pages: pages.length })
    expect(await everyLine(journal)).toHaveLength(6)
    await journal.attempt(1, 3)
    await journal.close()
    const again = await readJournal(store, scope)
    expect({ cut, ...stateOf(again) }).toMatchObject({ cut, attempts: attempts + 1, pages: pages.length })
    await cp(kept, folder, { recursive: true, force: true })
  }
})

describe('what is found in its folder', () => {
  test.each([0, 1, 10, 20, 31])(
    'a page cut off after %i bytes is none, and the attempt at it stays spent',
    async (size) => {
      const { store, folder } = await written()
      const path = join(folder, 'page-0-2.ndjson')
      expect((await stat(path)).size).toBeGreaterThan(size)
      await truncate(path, size)
      for (const opening of ['first', 'again']) {
        const journal = await openJournal(store, scope)
        expect(journal.state.page(0, 2), opening).toBeUndefined()
        expect(stateOf(journal.state)).toMatchObject({ attempts: 5, pages: 2 })
        expect(await everyLine(journal)).toHaveLength(4)
        await journal.close()
      }
      const journal = await openJournal(store, scope)
      await journal.store(0, 2, { lines: lines('new', 2), rows: 2, total: 5 })
      await journal.close()
      expect((await everyLine(await openJournal(store, scope))).toSorted()).toEqual(
        [...lines('0-1', 3), ...lines('1-1', 1), ...lines('new', 2)].toSorted(),
      )
    },
  )

  test('a page whose file is gone is none', async () => {
    const { store, folder } = await written()
    await rm(join(folder, 'page-0-1.ndjson'))
    expect((await openJournal(store, scope)).state.page(0, 1)).toBeUndefined()
    expect((await readJournal(store, scope)).page(0, 1)).toBeUndefined()
  })

  test('a page of others is none, be it no JSON, a link or a folder', async () => {
    const { store, folder } = await written()
    const secret = join(store, 'secret')
    await writeFile(secret, '"not ours"\n')
    await writeFile(join(folder, 'page-1-7.ndjson'), '{"cut')
    await writeFile(join(folder, 'page-1-8.ndjson'), 'not json\n')
    await symlink(secret, join(folder, 'page-1-9.ndjson'))
    await mkdir(join(folder, 'page-1-10.ndjson'))
    const journal = await openJournal(store, scope)
    expect(stateOf(journal.state)).toMatchObject({ pages: 3 })
    expect(await everyLine(journal)).toHaveLength(6)
    expect((await readdir(folder)).filter((name) => name.startsWith('page-1-'))).toEqual(['page-1-1.ndjson'])
    await journal.close()
    expect(await readFile(secret, 'utf8')).toBe('"not ours"\n')
  })

  test('what was left half-way is taken away', async () => {
    const { store, folder } = await written()
    await writeFile(join(folder, 'page-0-3.ndjson.part'), 'x')
    await mkdir(join(folder, 'import'))
    const journal = await openJournal(store, scope)
    expect((await readdir(folder)).filter((name) => !/^(page-\d+-\d+\.ndjson|journal\.ndjson)$/.test(name))).toEqual([])
    expect(journal.state.size()).toBe(3)
  })

  test('a journal that was being taken away is, and its pages are no other’s', async () => {
    const { store, folder } = await written()
    await rename(folder, `${folder}.ended`)
    await rm(join(`${folder}.ended`, 'journal.ndjson'))
    const journal = await openJournal(store, scope)
    expect(stateOf(journal.state)).toMatchObject({ attempts: 0, pages: 0 })
    await journal.attempt(0, 1)
    await journal.remove()
    expect(await readdir(store)).toEqual([])
  })

  test('a line that is none of ours ends it, and says which', async () => {
    const { store, journal } = await written()
    const text = (await readFile(journal, 'utf8')).split('\n')
    for (const wrong of ['{}', 'x', '{"event":"attempt","at":"now","query":0,"page":1}']) {
      await writeFile(journal, text.with(2, wrong).join('\n'))
      await expect(openJournal(store, scope)).rejects.toMatchObject({
        exit: 1,
        message: expect.stringContaining('journal.ndjson, line 3') as string,
      })
    }
  })

  test('is its owner’s alone', async () => {
    const { folder } = await written()
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  })

  test('nothing, before the first event, and after the end', async () => {
    const store = await temporaryFolder()
    const journal = await openJournal(store, scope)
    expect(await readdir(store)).toEqual([])
    await journal.attempt(0, 1)
    await journal.remove()
    expect(await readdir(store)).toEqual([])
  })
})
