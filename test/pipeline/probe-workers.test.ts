import { spawnSync } from 'node:child_process'
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { performance } from 'node:perf_hooks'
import { readScope } from '../../src/config/scope.ts'
import { addressText } from '../../src/model/address-set.ts'
import { probe, type ProbeProgress, type ProbeRequest } from '../../src/pipeline/probe.ts'
import type { RecordsSnapshot } from '../../src/store/snapshots.ts'
import { ended, startCensus } from '../helpers/cli.ts'
import { mail, serve } from '../helpers/peers.ts'
import { observationRows, temporaryFolder } from '../helpers/store.ts'

/** Three prefixes and an address of IPv6, three of which are excluded: 22 addresses at the four ports of mail. */
const scopeText = (rate: number): string => `owner: Example
contact: noc@example.net
authorisation: tests
valid: {from: 2000-01-01, to: 2099-12-31}
coverage: partial
vantage: inside
addresses: 25
ranges: [127.0.6.0/29, 127.0.7.0/29, 127.0.8.0/29, '::1']
exclude: [127.0.6.2, 127.0.7.2, 127.0.8.2]
rate: {per_second: ${rate}, per_prefix: 1000}
`

/** A mail server in each prefix, and one that is excluded. */
async function stage(): Promise<void> {
  for (const address of ['127.0.6.1', '127.0.6.2', '127.0.7.1', '127.0.8.1'])
    await serve(address, 2525, mail('ESMTP Exim 4.96 ready'))
}

async function requestOf(rate = 1000, rest: Partial<ProbeRequest> = {}): Promise<ProbeRequest> {
  const folder = await temporaryFolder()
  const path = join(folder, 'scope.yaml')
  await writeFile(path, scopeText(rate))
  return {
    store: join(folder, 'store'),
    scope: await readScope(path, Date.now()),
    id: 'one',
    services: ['smtp'],
    mostInFlight: 20,
    connectMs: 500,
    talkMs: 500,
    retries: 0,
    ...rest,
  }
}

/** Observations without their times. */
async function seen(snapshot: RecordsSnapshot): Promise<unknown[]> {
  const rows = await observationRows(snapshot)
  return rows.map((row) => [row['address'], row['port'], row['outcome'], row['banner']].join(' ')).toSorted()
}

test('several processes find what one finds, each target once, and leave nothing behind', async () => {
  await stage()
  const alone = await probe(await requestOf())
  const progress: ProbeProgress[] = []
  const request = await requestOf(1000, { workers: 3, onProgress: (each) => void progress.push(each) })
  const together = await probe(request)
  expect(await seen(together)).toEqual(await seen(alone))
  expect((await seen(together)).length).toBe(88)
  expect(together.manifest.probe).toMatchObject({ targets: 88, begun: 88, statuses: { answered: 3, refused: 85 } })
  expect(together.manifest.probe).toEqual({ ...alone.manifest.probe, scope: together.manifest.probe?.scope })
  for (const { size, done } of progress) expect(done).toBeLessThanOrEqual(size)
  expect((await readdir(request.store)).toSorted()).toEqual(['.lock', 'snapshots'])
})

test('together they keep to the rate', async () => {
  const begun: number[] = []
  const request = await requestOf(20, { workers: 3 })
  for (let place = 0; place < Number(request.scope.targets.size); place++)
    await serve(addressText(request.scope.targets.at(place)), 2525, () => begun.push(performance.now()))
  await probe(request)
  expect(begun).toHaveLength(22)
  // Of 88 targets at 20 a second; were the rate each one's own, it would be a third of that.
  expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeGreaterThan(2500)
})

test('one with nothing to ask ends all the same', async () => {
  await stage()
  const { manifest } = await probe(await requestOf(1000, { workers: 6 }))
  expect(manifest.probe).toMatchObject({ begun: 88, statuses: { answered: 3, refused: 85 } })
})

test('what goes wrong in one is told in its words, and ends the others', async () => {
  const request = await requestOf(10, { workers: 2 })
  const soon = { ...request.scope, valid: { from: 0, to: Date.now() + 5000 } }
  await expect(probe({ ...request, scope: soon })).rejects.toMatchObject({
    exit: 2,
    message: 'the scope is not valid any more: it ended while it was probed',
  })
  const parts = await readdir(join(request.store, 'probes'))
  expect(parts).toHaveLength(1)
  // Nothing is lost, and nothing asked twice.
  const done: number[] = []
  const { manifest } = await probe({ ...request, onProgress: (progress) => void done.push(progress.done) })
  expect(manifest.probe?.statuses).toEqual({ refused: 88 })
  expect(done.every((each) => each <= 88)).toBe(true)
  expect(manifest.probe?.begun).toBeLessThan(88)
})

test.each([undefined, 2])(
  'when what is settled cannot be taken into the snapshot, nothing more is asked: %s processes',
  async (workers) => {
    let done = 0
    const onProgress = (progress: ProbeProgress): void => void (done = progress.done)
    const request = await requestOf(20, { onProgress, ...(workers === undefined ? {} : { workers }) })
    const probing = probe(request)
    // Told where it is waited for.
    probing.catch(() => undefined)
    const journals = join(request.store, 'probes')
    const part = await until(() => begunPart(journals))
    await appendFile(part, 'what is no line of a journal\n')
    await expect(probing).rejects.toThrow(/line \d+: not what a scan writes/)
    // 88 targets at 20 a second take more than four seconds.
    expect(done).toBeLessThan(60)
    const left = await readdir(request.store, { recursive: true })
    expect(left.filter((name) => name.includes('draft'))).toEqual([])
  },
)

/** A part of a journal in which something was told. */
async function begunPart(journals: string): Promise<string | undefined> {
  const names = await readdir(journals, { recursive: true }).catch(() => [])
  for (const name of names.filter((each) => each.endsWith('.ndjson'))) {
    const path = join(journals, name)
    if ((await readFile(path, 'utf8')).split('\n').length > 2) return path
  }
  return undefined
}

/** Processes that probe for the given one. */
async function workersOf(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(join('/proc', name, 'stat'), 'utf8').catch(() => '')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(parent) === pid && state !== 'Z') found.push(Number(name))
  }
  return found
}
const isThere = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
}
const until = async <T>(value: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await value()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a process that is killed ends the probe, which goes on with the same command', async () => {
  const { store, scope } = await requestOf(20)
  const path = join(store, '..', 'scope.yaml')
  const args = ['probe', '--scope', path, '--store', store, '--services', 'smtp', '--workers', '2', '--id', 'one']
  const child = startCensus(args)
  const end = ended(child)
  const [worker = 0] = await until(async () => {
    const found = await workersOf(child.pid ?? 0)
    return found.length === 2 ? found : undefined
  })
  await until(async () => (await readdir(join(store, 'probes')).catch(() => []))[0])
  process.kill(worker, 'SIGKILL')
  const { code, stderr } = await end
  expect({ code, stderr: stderr.trim() }).toEqual({
    code: 1,
    stderr:
      'census: a process that probes was ended (SIGKILL); what was answered is kept: the same command goes on with it',
  })
  const again = await ended(startCensus([...args, '--json']))
  expect(again).toMatchObject({ code: 0, stderr: '' })
  const manifest = JSON.parse(again.stdout) as RecordsSnapshot['manifest']
  expect(manifest.probe?.statuses).toEqual({ refused: Number(scope.targets.size) * 4 })
}, 60_000)

test('when the command is killed, its processes go with it', async () => {
  const { store } = await requestOf(5)
  const path = join(store, '..', 'scope.yaml')
  const child = startCensus(['probe', '--scope', path, '--store', store, '--services', 'smtp', '--workers', '2'])
  const end = ended(child)
  const workers = await until(async () => {
    const found = await workersOf(child.pid ?? 0)
    return found.length === 2 ? found : undefined
  })
  await until(async () => (await readdir(join(store, 'probes')).catch(() => []))[0])
  child.kill('SIGKILL')
  await end
  expect(await until(async () => ((await Promise.all(workers.map(isThere))).some(Boolean) ? undefined : 'gone'))).toBe(
    'gone',
  )
}, 60_000)

test('a process that may open few files tells nothing that is open to be closed', async () => {
  await serve('0.0.0.0', 2525, (socket) => void setTimeout(() => mail('ESMTP Exim 4.96 ready')(socket), 500))
  const folder = await temporaryFolder()
  const path = join(folder, 'scope.yaml')
  await writeFile(
    path,
    scopeText(2000)
      .replace(/addresses:.*\n/, 'addresses: 256\n')
      .replace(/ranges:.*\nexclude:.*\n/, 'ranges: [127.0.9.0/24]\n'),
  )
  const args = ['probe', '--scope', path, '--store', join(folder, 'store'), '--services', 'smtp', '--retries', '0']
  const child = startCensus([...args, '--json'])
  const end = ended(child)
  const [worker = 0] = await until(async () => {
    const found = await workersOf(child.pid ?? 0)
    return found.length === 1 ? found : undefined
  })
  // Its first words are in the journal.
  await until(() => begunPart(join(folder, 'store', 'probes')))
  const { status, stderr } = spawnSync('prlimit', [`--pid=${worker}`, '--nofile=45:45'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { stdout } = await end
  const {
    answered = 0,
    local = 0,
    ...others
  } = (JSON.parse(stdout) as RecordsSnapshot['manifest']).probe?.statuses ?? {}
  expect(answered + local + (others.refused ?? 0)).toBe(1024)
  expect(others).toEqual({ refused: expect.any(Number) as number })
  expect(others.refused).toBeLessThanOrEqual(768)
  expect(answered).toBeGreaterThan(0)
}, 120_000)
