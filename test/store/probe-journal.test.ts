import fc from 'fast-check'
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { probeStatusNames } from '../../src/model/probe.ts'
import { openProbeJournal, type Kept, type ProbeScope } from '../../src/store/probe-journal.ts'
import { temporaryFolder } from '../helpers/store.ts'

const scope: ProbeScope = { scope: 'a'.repeat(64), doors: ['tcp/25 smtp'], checks: [], targets: 1000, seed: 7 }

const pathOf = async (store: string): Promise<string> => {
  const [folder = ''] = await readdir(join(store, 'probes'))
  return join(store, 'probes', folder, 'part-000000.ndjson')
}

async function everything(store: string, of = scope): Promise<Kept[]> {
  const journal = await openProbeJournal(store, of)
  const found: Kept[] = []
  for await (const batch of journal.all()) found.push(...batch)
  await journal.close()
  return found
}

const answered = (index: number, banner = '220 mx'): Kept => ({
  index,
  status: 'answered',
  at: 1_700_000_000_000 + index,
  finding: { module: 'smtp', banner, tags: ['starttls'], hostnames: ['mx.example.net'] },
})
const silent = (index: number): Kept => ({ index, status: 'silent', at: 1_700_000_000_000 })

describe('a journal', () => {
  test('knows a first stage once all it settled is written, and a scan without one is another', async () => {
    const store = await temporaryFolder()
    const mine = { ...scope, discovery: 'masscan' } as const
    const facts = { version: '1.3.2', runs: 2, rate: 50, seed: 7, asked: 900, open: 1, refused: 2, dropped: 0 }
    const stage = { tool: 'masscan', ...facts } as const
    const journal = await openProbeJournal(store, mine)
    expect(journal.discovery).toBeUndefined()
    await journal.write([silent(1)])
    await journal.write([silent(2)], stage)
    await journal.close()
    const path = await pathOf(store)
    const text = await readFile(path, 'utf8')
    const again = await openProbeJournal(store, mine)
    expect([again.discovery, again.doneBefore]).toEqual([stage, 2])
    const other = await openProbeJournal(store, scope)
    expect([other.discovery, other.doneBefore]).toEqual([undefined, 0])
    // Cut off in its last line, which nobody was told of.
    await truncate(path, text.length - 1)
    const cut = await openProbeJournal(store, mine)
    expect([cut.discovery, cut.doneBefore]).toEqual([undefined, 1])
    for (const wrong of ['"rate":-50', '"rate":"50"', '"rate":50,"more":1']) {
      await writeFile(path, text.replace('"rate":50', wrong))
      await expect(openProbeJournal(store, mine)).rejects.toThrow('line 3: not what a scan writes')
    }
    // With nothing settled by it.
    await writeFile(path, text)
    await (await openProbeJournal(store, mine)).remove()
    const empty = await openProbeJournal(store, mine)
    await empty.write([], stage)
    await empty.close()
    expect((await openProbeJournal(store, mine)).discovery).toEqual(stage)
  })

  test('gives back what was written, whatever text it holds', async () => {
    const store = await temporaryFolder()
    const text = fc.string({ unit: 'binary' }).map((each) => each.toWellFormed())
    const entry = fc.record({
      status: fc.constantFrom(...probeStatusNames),
      at: fc.integer({ min: 0, max: 2 ** 45 }),
      banner: fc.option(text, { nil: undefined }),
      heard: fc.option(text, { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 30 }), fc.integer({ min: 0, max: 2 ** 31 }), async (list, seed) => {
        const mine = { ...scope, seed }
        const journal = await openProbeJournal(store, mine)
        const kept = list.map(({ status, at, banner, heard }, index): Kept => {
          const finding = banner === undefined ? {} : { finding: { module: 'smtp', banner } }
          return { index, status, at, ...finding, ...(heard === undefined ? {} : { heard }) }
        })
        await journal.write(kept.slice(0, 7))
        await journal.write(kept.slice(7))
        await journal.close()
        const found = await everything(store, mine)
        const bare = ({ at, ...rest }: Kept): unknown => ('finding' in rest || 'heard' in rest ? { at, ...rest } : rest)
        expect(found.toSorted((a, b) => a.index - b.index).map(bare)).toEqual(kept.map(bare))
        await (await openProbeJournal(store, mine)).remove()
      }),
      { numRuns: 60 },
    )
    expect(await readdir(store)).not.toContain('probes')
  })

  test('knows what is done when it is opened again', async () => {
    const store = await temporaryFolder()
    const first = await openProbeJournal(store, scope)
    expect([first.doneBefore, first.isDone(3)]).toEqual([0, false])
    await first.write([answered(3), silent(9), silent(999)])
    await first.write([])
    await first.close()
    const again = await openProbeJournal(store, scope)
    expect(again.doneBefore).toBe(3)
    expect([3, 9, 999, 0, 8].map((index) => again.isDone(index))).toEqual([true, true, true, false, false])
    await again.write([silent(0)])
    await again.close()
    expect((await everything(store)).map(({ index }) => index)).toEqual([9, 999, 3, 0])
    expect(await readdir(dirname(await pathOf(store)))).toHaveLength(2)
  })

  test.each([
    ['scope', { scope: 'b'.repeat(64) }],
    ['doors', { doors: ['tcp/25 smtp', 'udp/123 ntp'] }],
    ['checks', { checks: ['open-relay'] }],
    ['order', { seed: 8 }],
    ['number of targets', { targets: 999 }],
  ])('of another %s is another', async (_, other) => {
    const store = await temporaryFolder()
    const journal = await openProbeJournal(store, scope)
    await journal.write([answered(3)])
    await journal.close()
    expect(await everything(store, { ...scope, ...other })).toEqual([])
    expect(await everything(store)).toHaveLength(1)
  })

  test('is written to by several at a time, each cut off anywhere, and read as one', async () => {
    const store = await temporaryFolder()
    const parts = await Promise.all([0, 1, 2].map(() => openProbeJournal(store, scope)))
    await Promise.all(parts.map((part, nth) => part.write([silent(nth), answered(10 + nth)])))
    await Promise.all(parts.map((part, nth) => part.write([silent(20 + nth)])))
    await Promise.all(parts.map((part) => part.close()))
    const last = (await pathOf(store)).replace('000000', '000002')
    const text = await readFile(last)
    await truncate(last, text.length - 1)
    const again = await openProbeJournal(store, scope)
    expect(again.doneBefore).toBe(8)
    const found = (await everything(store)).map(({ index }) => index)
    const lost = [20, 21, 22].find((index) => !found.includes(index)) ?? -1
    expect([lost, 12, 10].map((index) => again.isDone(index))).toEqual([false, true, true])
    // Of what two tell, the first is believed.
    await again.write([silent(lost), silent(10), silent(lost)])
    await again.close()
    const whole = await everything(store)
    expect(whole.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22])
    expect(whole.find(({ index }) => index === 10)?.status).toBe('answered')
  })

  test.each(['ends well', 'fails'])('is read while it is written, until what writes it %s', async (how) => {
    const store = await temporaryFolder()
    const journal = await openProbeJournal(store, scope)
    await journal.write([silent(1)])
    const path = await pathOf(store)
    let end: () => void = () => undefined
    const writing = new Promise<void>((resolve, reject) => {
      end = how === 'fails' ? () => reject(new Error('it failed')) : resolve
    })
    const reading = await openProbeJournal(store, scope)
    const found: number[] = []
    const all = (async () => {
      for await (const batch of reading.all(writing)) found.push(...batch.map(({ index }) => index))
    })()
    const seen = async (count: number): Promise<void> => {
      while (found.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await seen(1)
    await journal.write([answered(2), silent(3)])
    await seen(3)
    // Half a line is none yet, and a part that is new is read, too.
    const line = (await readFile(path, 'utf8')).trimEnd().split('\n').at(-1)?.replaceAll('3', '4') ?? ''
    await appendFile(path, line.slice(0, 30))
    const other = await openProbeJournal(store, scope)
    await other.write([silent(5)])
    await seen(4)
    expect(found).toEqual([1, 3, 2, 5])
    await appendFile(path, `${line.slice(30)}\n`)
    await other.write([silent(6)])
    end()
    await all
    expect(found.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
    for (const each of [journal, reading, other]) await each.close()
  })

  test('cut off at any byte keeps what is whole, and goes on', async () => {
    const store = await temporaryFolder()
    const journal = await openProbeJournal(store, scope)
    await journal.write([answered(1, 'a\u2028b\u0085c')])
    await journal.write([silent(2), silent(3)])
    await journal.close()
    const path = await pathOf(store)
    const whole = await readFile(path)
    const ends = [...whole.entries()].flatMap(([index, byte]) => (byte === 0x0a ? [index + 1] : []))
    expect(ends).toHaveLength(3)
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length))
      const expected = length < (ends[1] ?? 0) ? [] : length < whole.length ? [1] : [1, 2, 3]
      expect({ length, found: (await everything(store)).map(({ index }) => index) }).toEqual({
        length,
        found: expected,
      })
      const again = await openProbeJournal(store, scope)
      await again.write([silent(500)])
      await again.close()
      expect((await everything(store)).map(({ index }) => index)).toEqual([...expected, 500])
      await rm(path.replace('000000', '000001'))
    }
  })
})

describe('a journal that is damaged says where, and what to do', () => {
  const after = async (damage: (path: string) => Promise<void>): Promise<unknown> => {
    const store = await temporaryFolder()
    const journal = await openProbeJournal(store, scope)
    await journal.write([answered(1)])
    await journal.close()
    await damage(await pathOf(store))
    return openProbeJournal(store, scope).then(
      () => undefined,
      (error: unknown) => error,
    )
  }
  test.each([
    ['a line that is no JSON', 'x\n', 'line 3: not what a scan writes'],
    ['a line of something else', '{"at":1}\n', 'line 3: not what a scan writes'],
    ['a target that there is not', '{"at":1,"none":{"silent":[1000]},"said":[]}\n', 'line 3: there is no target 1000'],
    ['a status that there is not', '{"at":1,"none":{"open":[2]},"said":[]}\n', 'line 3: not what a scan writes'],
    ['a place that is no number', '{"at":1,"none":{"silent":[-1]},"said":[]}\n', 'line 3: not what a scan writes'],
  ])('%s', async (_, line, why) => {
    const error = await after((path) => appendFile(path, line))
    expect(error).toMatchObject({ exit: 1, message: expect.stringContaining(why) as unknown })
    expect((error as { hint?: string }).hint).toContain('everything is asked anew')
  })

  test('a beginning that is none', async () => {
    const error = await after(async (path) => {
      await truncate(path)
      await appendFile(path, '{"began":1}\n')
    })
    expect(error).toMatchObject({ exit: 1, message: expect.stringContaining('line 1: no beginning') as unknown })
  })
})
