import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startEngine } from '../test/helpers/engine.ts'
import { planFor } from './generate-shodan.ts'
import { machine, markdownTable, median } from './measure.ts'
import { bannerLines } from './synthetic/banner.ts'

/*
 * The download half of `npm run bench:survey`: `census survey --records --rate 1000` from an engine of this machine that
 * answers as Shodan does, compressed, with synthetic banners as large as real ones. The engine is a process of its own, so
 * that its time is not ours; what ours takes is read from /proc when the first and the last page are asked for.
 */

const rowsPerPage = 100
const promisedMsPerPage = 5

type Told = { readonly url: string } | { readonly asked: 'first' | 'last' }

/** Plays the engine, in a process of its own. Pages come in their order, as they are asked for. */
async function engine(pages: number, slim: boolean): Promise<void> {
  const next = bannerLines({ ...planFor(pages * rowsPerPage, 1), slim })
  const seen = new Set<string>()
  let index = 0
  const line = (): string => {
    for (;;) {
      const text = next(index++)
      // Repeats, of which real exports have some, would be dropped and then be missing.
      const { ip_str, port, transport, timestamp } = JSON.parse(text) as Record<string, unknown>
      const key = createHash('md5')
        .update(JSON.stringify([ip_str, port, transport, timestamp]))
        .digest('base64')
      if (seen.size < seen.add(key).size) return text
    }
  }
  const total = pages * rowsPerPage
  const tell = (told: Told): void => void process.send?.(told)
  const { url } = await startEngine({
    gzip: true,
    answer: ({ path, params }) => {
      if (path.endsWith('/filters') || path.endsWith('/facets'))
        return { body: ['country', 'region', 'port', 'shodan.module'] }
      if (path !== '/shodan/host/search') return { body: { matches: [], total } }
      const page = Number(params['page'])
      if (page === 1) tell({ asked: 'first' })
      if (page === pages) tell({ asked: 'last' })
      return { body: `{"matches":[${Array.from({ length: rowsPerPage }, line).join(',')}],"total":${total}}` }
    },
  })
  tell({ url })
}

/** What a process has taken so far. */
interface Taken {
  readonly processorMs: number
  /** Of it in the thread that asks; compressing, syncing and collecting garbage are done by others. */
  readonly mainMs: number
  readonly peakMiB: number
}

/** From /proc: ticks are hundredths of a second on every Linux there is. */
function takenBy(pid: number): Taken {
  const ticks = (path: string): number => {
    const [, rest = ''] = readFileSync(path, 'utf8').split(') ')
    const [user = 0, system = 0] = rest.split(' ').slice(11, 13).map(Number)
    return user + system
  }
  const peakKiB = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return {
    processorMs: 10 * ticks(`/proc/${pid}/stat`),
    mainMs: 10 * ticks(`/proc/${pid}/task/${pid}/stat`),
    peakMiB: Number(peakKiB) / 1024,
  }
}

interface Measured {
  /** From the first page asked for to the last. */
  readonly seconds: number
  readonly msPerPage: number
  readonly mainMsPerPage: number
  readonly peakMiB: number
  /** From the start of the process to its end, import included. */
  readonly wholeMsPerPage: number
  readonly wholePeakMiB: number
}

async function download(folder: string, { pages, slim }: Size): Promise<Measured> {
  const server = fork(fileURLToPath(import.meta.url), ['engine', String(pages), slim ? 'slim' : 'whole'])
  const store = join(folder, 'store')
  let census: ChildProcess | undefined
  try {
    const told = (): Promise<Told> => new Promise((resolve) => server.once('message', (each) => resolve(each as Told)))
    const listening = await told()
    if (!('url' in listening)) throw new Error('the engine does not listen')
    const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
    const words = ['survey', '--records', '--country', 'JP', '--endpoint', listening.url, '--rate', '1000', '--quiet']
    census = spawn(process.execPath, [cli, ...words, '--store', store, '--max-credits', String(pages)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SHODAN_API_KEY: 'bench' },
    })
    const { pid } = census
    if (pid === undefined) throw new Error('census does not start')
    const ended = new Promise<number | null>((resolve) => census?.once('exit', resolve))
    const stamps: { readonly at: number; readonly taken: Taken }[] = []
    server.on('message', () => stamps.push({ at: performance.now(), taken: takenBy(pid) }))
    let whole = takenBy(pid)
    while (census.exitCode === null) {
      try {
        const now = takenBy(pid)
        // What has ended but was not waited for has no memory any more.
        if (!Number.isNaN(now.peakMiB)) whole = now
      } catch {
        // It has ended meanwhile.
      }
      await sleep(20)
    }
    const code = await ended
    const [first, last] = stamps
    if (code !== 0 || first === undefined || last === undefined) throw new Error(`census ended with ${code}`)
    return {
      seconds: (last.at - first.at) / 1000,
      msPerPage: (last.taken.processorMs - first.taken.processorMs) / (pages - 1),
      mainMsPerPage: (last.taken.mainMs - first.taken.mainMs) / (pages - 1),
      peakMiB: last.taken.peakMiB,
      wholeMsPerPage: whole.processorMs / pages,
      wholePeakMiB: whole.peakMiB,
    }
  } finally {
    census?.kill('SIGKILL')
    server.kill('SIGKILL')
    rmSync(store, { recursive: true, force: true })
  }
}

/** What nobody can do without: milliseconds that JSON.parse takes for the bytes of a page, here and now. */
function parsing(): number {
  const next = bannerLines(planFor(rowsPerPage, 1))
  const page = Buffer.from(`{"matches":[${Array.from({ length: rowsPerPage }, (_, at) => next(at)).join(',')}]}`)
  const times = Array.from({ length: 200 }, () => {
    const before = performance.now()
    JSON.parse(page.toString())
    return performance.now() - before
  })
  return median(times)
}

/** Pages, and whether their banners are whole or without web pages, certificates and options. */
interface Size {
  readonly pages: number
  readonly slim: boolean
}

const sizes: readonly Size[] = [
  { pages: 100, slim: false },
  { pages: 1000, slim: false },
  { pages: 1000, slim: true },
]

/** Measures downloads of each size so many times, and prints a table in Markdown and the promises beside it. */
export async function benchDownload(folder: string, { runs = 3 } = {}): Promise<void> {
  const results = sizes.map((size) => ({ size, list: [] as Measured[] }))
  for (let turn = 0; turn < runs; turn++) {
    for (const { size, list } of results) {
      console.error(`download of ${size.pages} ${size.slim ? 'slim ' : ''}pages, run ${turn + 1} of ${runs}`)
      list.push(await download(folder, size))
    }
  }
  console.log(`Downloads of pages of ${rowsPerPage} banners, \`--rate 1000\`; median of ${runs} runs in turns.`)
  console.log(`${machine()}.\n`)
  const figure = (list: readonly Measured[], of: keyof Measured): number => median(list.map((each) => each[of]))
  const header = [
    'pages',
    's',
    'pages/s',
    'own thread ms/page',
    'all threads ms/page',
    'peak MiB',
    'with import: ms/page',
    'peak MiB',
  ]
  const rows = results.map(({ size, list }) => [
    `${size.pages.toLocaleString('en')}${size.slim ? ', slim' : ''}`,
    figure(list, 'seconds').toFixed(1),
    (size.pages / figure(list, 'seconds')).toFixed(0),
    figure(list, 'mainMsPerPage').toFixed(2),
    figure(list, 'msPerPage').toFixed(2),
    figure(list, 'peakMiB').toFixed(0),
    figure(list, 'wholeMsPerPage').toFixed(2),
    figure(list, 'wholePeakMiB').toFixed(0),
  ])
  console.log(`${markdownTable(header, rows)}\n`)
  const [few = [], many = []] = results.map(({ list }) => list)
  const growth = figure(many, 'peakMiB') - figure(few, 'peakMiB')
  console.log(
    [
      `- our own time a page: ${figure(many, 'mainMsPerPage').toFixed(2)} ms (promised: under ${promisedMsPerPage}); JSON.parse of such a page alone: ${parsing().toFixed(2)} ms`,
      `- peak memory of the download, 1,000 pages against 100: ${growth.toFixed(0)} MiB more (promised: flat)`,
    ].join('\n'),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'engine')
  await engine(Number(process.argv[3]), process.argv[4] === 'slim')
